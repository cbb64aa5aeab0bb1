/**
 * `npm run demo`: a small province on this machine that has lived a month, with devices, agents and
 * a story that goes on. Everything listens on loopback and is gone at the end.
 */
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Hub, startHub } from '../app.ts'
import { type Config, parseConfig } from '../config.ts'
import { createSwitchableClock, days, seconds, systemClock } from '../core/clock.ts'
import { createLog, type Log } from '../core/log.ts'
import { messageOf } from '../core/problem.ts'
import { lineage } from '../db/meta.ts'
import { buildConsole, isConsoleOld } from './console-build.ts'
import { openField } from './field.ts'
import { createLeapClock } from './leap-clock.ts'
import { liveMonth } from './live-month.ts'
import { monthScript } from './month-script.ts'
import { DemoError, type DemoOptions, readOptions } from './options.ts'
import { agentPlans, demoPassword } from './province.ts'
import { openReceiver } from './receiver.ts'
import { chapterText, createProgress, heardText, readyText } from './screen.ts'
import { actorIn } from './settle-in.ts'
import { startTeller } from './teller.ts'
import { createWorld } from './world.ts'

const usualPort = 8080

/** The folder of all data, and the way to leave nothing behind, also after a crash. */
function openFolder({ keep }: DemoOptions): string {
  if (keep === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'ansang-demo-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
    return folder
  }
  const folder = resolve(keep)
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new DemoError(`The folder ${folder} is not empty; give a new one.`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

async function choosePort({ port }: DemoOptions): Promise<number> {
  if (port === 0) return (await isFree(usualPort)) ? usualPort : 0
  if (await isFree(port)) return port
  throw new DemoError(`Port ${port} of 127.0.0.1 is in use; give another one with --port.`)
}

function configFor(folder: string, port: number): Config {
  const settings = { ANSANG_DATA_DIR: join(folder, 'hub'), ANSANG_ADMIN_PASSWORD: demoPassword }
  const host = '127.0.0.1'
  return { ...parseConfig(settings, folder), http: { host, port }, mqtt: { host, port: 0 } }
}

/** Aborts at the first signal. One that comes much later, while stopping, ends the process. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  let askedAt: number | undefined
  const ask = () => {
    const now = systemClock.monotonic()
    // npm hands on what the terminal has sent already.
    if (askedAt !== undefined && now - askedAt > seconds(1)) process.exit(130)
    askedAt ??= now
    stopping.abort(new Error('stopped'))
  }
  process.on('SIGINT', ask).on('SIGTERM', ask)
  return stopping.signal
}

type Closing = { name: string; close: () => Promise<unknown> }

async function closeAll(closings: Closing[], log: Log): Promise<void> {
  for (const { name, close } of closings.reverse()) {
    await close().catch((err: unknown) => log.error({ part: name, err }, 'did not stop well'))
  }
}

async function prepareConsole(options: DemoOptions, signal: AbortSignal): Promise<void> {
  if (!options.build || !isConsoleOld()) return
  console.log('Building the console …')
  const trouble = await buildConsole(signal)
  if (trouble && !signal.aborted) console.log(trouble)
}

async function addTarget(
  hub: Hub,
  actor: Parameters<Hub['inside']['notify']['add']>[0],
  url: string,
) {
  await hub.inside.notify.add(actor, {
    name: 'Trực ban (demo)',
    kind: 'webhook',
    address: url,
    areaId: null,
    minSeverity: 'high',
    language: 'vi',
  })
}

async function run(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const startedAt = systemClock.monotonic()
  const folder = openFolder(options)
  const log = createLog({ level: 'info', to: createWriteStream(join(folder, 'demo.log')) })
  const closings: Closing[] = []
  try {
    const port = await choosePort(options)
    await prepareConsole(options, signal)
    signal.throwIfAborted()

    const to = systemClock.now()
    const from = to - days(options.days)
    const leaps = { hub: createLeapClock(from), devices: createLeapClock(from) }
    const clock = createSwitchableClock(leaps.hub)
    const deviceClock = createSwitchableClock(leaps.devices)
    const hub = await startHub({ config: configFor(folder, port), clock, log })
    closings.push({ name: 'hub', close: hub.stop })
    const said = { live: false }
    const receiver = await openReceiver((subject) => {
      if (said.live) console.log(heardText(subject, systemClock.now()))
    })
    closings.push({ name: 'receiver', close: receiver.close })

    const world = createWorld(agentPlans, deviceClock)
    const progress = createProgress(process.stdout, { from, to })
    const month = await liveMonth({
      hub,
      clock,
      leaps,
      world,
      from,
      until: systemClock.now,
      script: monthScript({ from, to }, agentPlans),
      onHalt: progress.at,
      onSettled: ({ actors }) => addTarget(hub, actorIn(actors, 'admin'), receiver.url),
      signal,
    })
    progress.end()
    clock.switchTo(systemClock)
    deviceClock.switchTo(systemClock)

    const field = await openField({
      world,
      agents: month.agents,
      secrets: month.settled.secrets,
      lineage: await lineage(hub.inside.db),
      mqttPort: hub.ports.mqtt ?? 0,
      folder: join(folder, 'agents'),
      log,
    })
    closings.push({ name: 'field', close: field.stop })
    const isUp = () => field.connected() === agentPlans.length
    while (!isUp() && !signal.aborted) await systemClock.sleep(50, signal)
    signal.throwIfAborted()

    const facts = { url: hub.url, hasConsole: hub.hasConsole, mqttPort: hub.ports.mqtt }
    console.log(
      readyText({
        ...facts,
        days: options.days,
        records: month.figures.records,
        agents: field.connected(),
        seconds: (systemClock.monotonic() - startedAt) / 1000,
        folder: options.keep && folder,
      }),
    )
    log.info({ ...month.figures, messages: receiver.count() }, 'the demo is ready')
    said.live = true
    const stage = { hub, world, field, settled: month.settled, clock: systemClock, log }
    const teller = startTeller(stage, (chapter) =>
      console.log(chapterText(chapter, systemClock.now())),
    )
    closings.push({ name: 'story', close: teller.stop })
    await new Promise<void>((done) => {
      if (signal.aborted) done()
      signal.addEventListener('abort', () => done(), { once: true })
    })
  } finally {
    if (signal.aborted) console.log('\nStopping …')
    await closeAll(closings, log)
  }
}

const signal = stopSignal()
try {
  await run(readOptions(process.argv.slice(2)), signal)
} catch (error) {
  if (!signal.aborted) {
    const isBug = !(error instanceof DemoError) && error instanceof Error
    console.error(isBug ? (error.stack ?? error.message) : messageOf(error))
    process.exitCode = 1
  }
}
