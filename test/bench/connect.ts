/** `npm run bench -- connect [--agents N]`: all connect, then the hub restarts and all come back. */
import { rmSync } from 'node:fs'
import { startChild } from './child.ts'
import { machine, type Options, row } from './print.ts'

type Came = { connected: number; connectedMs: number; bornMs: number }
type Stats = { rssMb: number; connected: number; alerts: number; cpuMs: number }

export async function benchConnect(options: Options): Promise<void> {
  console.log(`connect: ${options.agents} agents with ${options.agents * 3} cameras`)
  console.log(machine())
  const bare = await startChild<{ port: number }>('./bare-process.ts')
  const bareLoad = await startChild<undefined>('./load-process.ts', [], false)
  const startAt = Date.now()
  const order = { do: 'connect', agents: options.agents, startAt, births: true, cameras: 3 }
  const bareCame = await bareLoad.ask<Came>({ ...order, port: bare.first.port })
  const bareStats = await bare.ask<Stats>({})
  await bareLoad.kill()
  await bare.kill()

  const args = (more: object) => [
    JSON.stringify({ agents: options.agents, series: 'embedded:', ...more }),
  ]
  const first = await startChild<{ port: number; folder: string }>(
    './hub-process.ts',
    args({ prepare: true }),
  )
  const { folder, port } = first.first
  const load = await startChild<undefined>('./load-process.ts', [], false)
  try {
    const came = await load.ask<Came>({ ...order, port })
    await first.ask({ do: 'in-service' })
    await first.ask({ do: 'settle' })
    const stats = await first.ask<Stats>({ do: 'stats' })
    // Killed, not stopped: all connections break at once.
    await first.kill('SIGKILL')
    await load.ask({ do: 'wait-closed' })
    const second = await startChild<{ port: number }>(
      './hub-process.ts',
      args({ dataDir: folder, mqttPort: port, prepare: false }),
    )
    const back = await load.ask<Came>({ ...order, port })
    await second.ask({ do: 'caught-up' })
    await second.ask({ do: 'settle' })
    const after = await second.ask<Stats>({ do: 'stats' })
    if (process.env['BENCH_LOG']) console.log(stats, after)
    await second.kill('SIGKILL')
    console.log(row('', 'bare Aedes', 'hub', 'ratio'))
    console.log(
      row(
        'all connected, s',
        (bareCame.connectedMs / 1000).toFixed(1),
        (came.connectedMs / 1000).toFixed(1),
        (came.connectedMs / bareCame.connectedMs).toFixed(2),
      ),
    )
    console.log(
      row(
        'all born (acknowledged), s',
        (bareCame.bornMs / 1000).toFixed(1),
        (came.bornMs / 1000).toFixed(1),
        '',
      ),
    )
    console.log(
      row(
        'RSS, MB',
        bareStats.rssMb.toFixed(0),
        stats.rssMb.toFixed(0),
        (stats.rssMb / bareStats.rssMb).toFixed(2),
      ),
    )
    console.log(row('after kill: all back, s', '', (back.bornMs / 1000).toFixed(1), ''))
    console.log(row('RSS after it, MB', '', after.rssMb.toFixed(0), ''))
    console.log(row('connected', String(bareCame.connected), String(after.connected), ''))
    console.log(row('alerts raised by it', '', String(after.alerts - stats.alerts), ''))
  } finally {
    await load.kill()
    await first.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}
