import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { enrol, makeAreas, startTestHub, type TestHub } from '../support/hub.ts'
import { birthWith, recorderOf } from '../support/hub-rig.ts'
import { startInfluxd } from '../support/influxd.ts'
import { requirePart } from '../support/real-parts.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'
import { connectAgent } from '../support/wire-agent.ts'

const influxd = requirePart('influxd')
const disk = mountSmallDisk(2048)
const long = { timeoutMs: 60_000, everyMs: 50 }

async function furnish(hub: TestHub) {
  const api = await hub.admin()
  const { commune } = await makeAreas(api)
  const { secret } = await enrol(hub, api, { areaId: commune, agentId: 'agent-a' })
  const connect = () =>
    until(() =>
      connectAgent({ port: hub.ports.mqtt ?? 0, agentId: 'agent-a', secret, now: Date.now }),
    )
  const wire = await connect()
  await wire.send('birth', birthWith(recorderOf(1)))
  const { resolve } = hub.inside.bindings
  const camera = (await until(() => resolve('agent-a', 'nvr1', 'ch:1', Date.now()))).assetId
  const recorder = resolve('agent-a', 'nvr1', '', Date.now())?.assetId
  await api.call('POST', `/api/v1/assets/${recorder}/lifecycle`, { to: 'in-service' })
  const ready = async () => {
    const response = await fetch(`${hub.url}/readyz`)
    return { status: response.status, ...((await response.json()) as { down: string[] }) }
  }
  const parts = async () => {
    const status = await api.call<{ parts: { name: string; state: string }[] }>(
      'GET',
      '/api/v1/status',
    )
    return Object.fromEntries(status.parts.map(({ name, state }) => [name, state]))
  }
  const health = async () =>
    (await api.call<{ items: { health: string }[] }>('GET', '/api/v1/assets?kind=camera')).items[0]
      ?.health
  return { api, wire, connect, camera, ready, parts, health }
}

const seen = (online: number) => ({
  samples: [{ unit: 'nvr1', kind: 'recorder' as const, parts: { 'ch:1': { online } } }],
})
const set = (isOff: boolean) => ({
  rules: 1,
  unknown: [],
  active: isOff
    ? [{ unit: 'nvr1', part: 'ch:1', code: 'channel-offline', since: new Date().toISOString() }]
    : [],
})

describe.runIf(influxd)('a hub whose series store goes away', () => {
  it('goes on with twin and alerts, and brings every point when it is back', async () => {
    const store = await startInfluxd(influxd ?? '')
    onTestFinished(() => store.remove())
    const hub = await startTestHub({ settings: { ANSANG_SERIES_URL: store.url('ansang') } })
    onTestFinished(() => hub.end())
    const { wire, camera, ready, parts, health } = await furnish(hub)
    const from = Date.now() - 3_600_000
    const send = (n: number) =>
      wire.send('telemetry', seen(n % 2), { at: new Date(from + n * 1000).toISOString() })
    for (let n = 1; n <= 20; n += 1) await send(n)
    const stored = async () => {
      const rows = await hub.inside.telemetry.query({
        ...{
          measurement: 'camera',
          asset: camera,
          fields: ['online'],
          from: from - 1,
          to: Date.now(),
        },
      })
      return rows.map((row) => [(row.at - from) / 1000, row.values['online']])
    }
    await until(async () => (await stored()).length === 20, long)

    await store.stop('SIGKILL')
    for (let n = 21; n <= 60; n += 1) await send(n)
    await wire.send('conditions', set(true))
    await until(async () => (await health()) === 'fault', long)
    await wire.send('conditions', set(false))
    await until(async () => (await health()) !== 'fault', long)
    await until(() => hub.inside.seriesReader.caughtUp(), long)
    await until(async () => (await parts())['series'] !== 'ok', long)
    expect((await ready()).down).not.toContain('journal')
    expect((await ready()).down).not.toContain('database')

    await store.start()
    await send(61)
    await until(async () => (await stored()).length === 61, { ...long, what: 'every point' })
    expect(await stored()).toEqual(Array.from({ length: 61 }, (_, i) => [i + 1, (i + 1) % 2]))
    await until(async () => (await parts())['series'] === 'ok', long)
  })
})

/** Fills the rest of the disk with a foreign file. */
function fillUp(path: string): void {
  const fd = openSync(path, 'w')
  for (const size of [65_536, 4096, 1]) {
    try {
      while (writeSync(fd, Buffer.alloc(size)) === size);
    } catch {
      // Full for pieces of this size.
    }
  }
  closeSync(fd)
}

describe.runIf(disk)('a hub whose journal stands on a full disk', () => {
  it('refuses agents, says so, and takes them again by itself', async () => {
    onTestFinished(() => disk?.remove())
    const at = disk?.at ?? ''
    const dataDir = mkdtempSync(join(tmpdir(), 'ansang-full-'))
    mkdirSync(join(at, 'journal'))
    symlinkSync(join(at, 'journal'), join(dataDir, 'journal'))
    const hub = await startTestHub({ dataDir })
    onTestFinished(() => hub.end())
    const { wire, connect, ready, health } = await furnish(hub)
    await wire.send('conditions', set(true))
    await until(async () => (await health()) === 'fault', long)
    fillUp(join(at, 'foreign'))
    const gone = new Promise((resolve) => wire.client.once('close', () => resolve('cut off')))
    let acknowledged = 0
    // Some bytes may still fit; then nothing is acknowledged any more and the agent is cut off.
    const flood = (async () => {
      for (;;) {
        await wire.send('telemetry', seen(0))
        acknowledged += 1
      }
    })().catch(() => {})
    expect(await gone).toBe('cut off')
    wire.client.end(true)
    await flood
    expect(await ready()).toMatchObject({ status: 503, down: ['journal'] })
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
    const text = await (await fetch(`${hub.url}/metrics`)).text()
    expect(Number(/ansang_records_refused_total (\d+)/.exec(text)?.[1])).toBeGreaterThan(0)

    rmSync(join(at, 'foreign'))
    await until(async () => (await ready()).status === 200, long)
    const again = await connect()
    await again.send('conditions', set(false))
    await until(async () => (await health()) !== 'fault', long)
    const [row] = await hub.inside.db.read((q) => q.selectFrom('intake').selectAll().execute())
    const epochs = Object.values(JSON.parse(row?.epochs ?? '{}')) as [number, number][][]
    // Birth and set, then all that was acknowledged; what was refused is nowhere.
    expect(epochs[0]).toEqual([[1, 2 + acknowledged]])
    await again.end()
  })
})
