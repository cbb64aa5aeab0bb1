/** `npm run bench -- ingest [--agents N] [--seconds S] [--window W] [--series influx]` */
import { rmSync } from 'node:fs'
import { startInfluxd } from '../support/influxd.ts'
import { requirePart } from '../support/real-parts.ts'
import { type Child, startChild } from './child.ts'
import { machine, type Options, row } from './print.ts'
import { channels } from './reports.ts'

type Load = {
  reports: number
  acked: number
  seconds: number
  perSecond: number
  meanBytes: number
  p50Ms: number
  p99Ms: number
  cpuMs: number
}
type Stats = {
  cpuMs: number
  rssMb: number
  records?: number
  commits?: number
  lag?: number
  alerts?: number
  series?: { stored: number; spooled: number; state: string }
}

const dayMs = 86_400_000

async function loadOn(port: number, options: Options): Promise<Child<undefined>> {
  const load = await startChild<undefined>('./load-process.ts', [], false)
  const startAt = Date.now() - 30 * dayMs
  await load.ask({
    do: 'connect',
    port,
    agents: options.agents,
    startAt,
    births: true,
    cameras: channels,
  })
  return load
}

const rate = (n: number, seconds: number) => Math.round(n / seconds).toLocaleString('en')

async function bare(options: Options): Promise<{ load: Load; paced: Load; stats: Stats }> {
  const target = await startChild<{ port: number }>('./bare-process.ts')
  const agents = await loadOn(target.first.port, options)
  await agents.ask({ do: 'run', ms: 1000, window: options.window })
  const load = await agents.ask<Load>({
    do: 'run',
    ms: options.seconds * 1000,
    window: options.window,
  })
  const paced = await agents.ask<Load>({
    do: 'run',
    ms: options.seconds * 1000,
    window: 0,
    perSecond: 4000,
  })
  const stats = await target.ask<Stats>({})
  await agents.kill()
  await target.kill()
  return { load, paced, stats }
}

async function hub(options: Options) {
  const influxd = options.series === 'influx' ? requirePart('influxd') : undefined
  if (options.series === 'influx' && !influxd)
    throw new Error('influxd is not here: npm run test:setup')
  const influx = influxd ? await startInfluxd(influxd) : undefined
  const series = influx ? influx.url('ansang') : 'embedded:'
  const args = JSON.stringify({ agents: options.agents, series, prepare: true })
  const target = await startChild<{ port: number; folder: string }>('./hub-process.ts', [args])
  try {
    const agents = await loadOn(target.first.port, options)
    await target.ask({ do: 'in-service' })
    await agents.ask({ do: 'run', ms: 1000, window: options.window })
    await target.ask({ do: 'caught-up' })
    const before = await target.ask<Stats>({ do: 'stats' })
    const startedAt = performance.now()
    const load = await agents.ask<Load>({
      do: 'run',
      ms: options.seconds * 1000,
      window: options.window,
    })
    const atEnd = await target.ask<Stats>({ do: 'stats' })
    await target.ask({ do: 'caught-up' })
    const processedSeconds = (performance.now() - startedAt) / 1000
    const after = await target.ask<Stats>({ do: 'stats' })
    const paced = await agents.ask<Load>({
      do: 'run',
      ms: options.seconds * 1000,
      window: 0,
      perSecond: 4000,
    })
    await target.ask({ do: 'caught-up' })
    await agents.kill()
    await target.ask({ do: 'stop' })
    await target.ended(10_000)
    return { load, paced, before, atEnd, after, processedSeconds, influxCpuMs: 0 }
  } finally {
    await target.kill('SIGKILL')
    rmSync(target.first.folder, { recursive: true, force: true })
    await influx?.stop()
  }
}

export async function benchIngest(options: Options): Promise<void> {
  console.log(
    `ingest: ${options.agents} agents, window ${options.window}, ${options.seconds} s each, series ${options.series}`,
  )
  console.log(machine())
  const reference = await bare(options)
  const ours = await hub(options)
  const processed = ours.load.reports / ours.processedSeconds
  const cpuPerReport = ((ours.after.cpuMs - ours.before.cpuMs) * 1000) / ours.load.reports
  console.log(row('', 'bare Aedes', 'hub', 'ratio'))
  console.log(
    row('report, bytes', reference.load.meanBytes.toFixed(0), ours.load.meanBytes.toFixed(0), ''),
  )
  console.log(
    row(
      'acknowledged/s',
      rate(reference.load.acked, reference.load.seconds),
      rate(ours.load.acked, ours.load.seconds),
      (ours.load.perSecond / reference.load.perSecond).toFixed(2),
    ),
  )
  console.log(
    row(
      'processed/s (stored, twin, judged)',
      '',
      Math.round(processed).toLocaleString('en'),
      (processed / reference.load.perSecond).toFixed(2),
    ),
  )
  console.log(
    row(
      'saturated: p50 / p99 ack, ms',
      `${reference.load.p50Ms.toFixed(1)} / ${reference.load.p99Ms.toFixed(1)}`,
      `${ours.load.p50Ms.toFixed(1)} / ${ours.load.p99Ms.toFixed(1)}`,
      '',
    ),
  )
  console.log(
    row(
      'at 4,000/s: p50 / p99 ack, ms',
      `${reference.paced.p50Ms.toFixed(1)} / ${reference.paced.p99Ms.toFixed(1)}`,
      `${ours.paced.p50Ms.toFixed(1)} / ${ours.paced.p99Ms.toFixed(1)}`,
      '',
    ),
  )
  console.log(row('CPU per report, µs', '', cpuPerReport.toFixed(0), ''))
  console.log(
    row(
      'RSS, MB',
      reference.stats.rssMb.toFixed(0),
      ours.after.rssMb.toFixed(0),
      (ours.after.rssMb / reference.stats.rssMb).toFixed(2),
    ),
  )
  console.log(
    row(
      'records per sync',
      '',
      ((ours.after.records ?? 0) / Math.max(1, ours.after.commits ?? 1)).toFixed(0),
      '',
    ),
  )
  console.log(
    row(
      'series points stored',
      '',
      String((ours.after.series?.stored ?? 0) - (ours.before.series?.stored ?? 0)),
      '',
    ),
  )
  console.log(row('alerts in the book', '', String(ours.after.alerts ?? 0), ''))
}
