/** Child: the whole hub with its agents registered. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHub } from '../../src/app.ts'
import { parseConfig } from '../../src/config.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { agentName, agentSecret } from './reports.ts'

const { agents, series, dataDir, mqttPort, prepare } = JSON.parse(process.argv[2] ?? '{}') as {
  agents: number
  series: string
  dataDir?: string
  mqttPort?: number
  prepare: boolean
}

const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'ansang-bench-'))
const startedAt = performance.now()
const hub = await startHub({
  config: parseConfig({
    ANSANG_DATA_DIR: folder,
    ANSANG_HTTP_PORT: '0',
    ANSANG_MQTT_PORT: String(mqttPort ?? 0),
    ANSANG_ADMIN_PASSWORD: 'a bench has no secrets',
    ANSANG_SERIES_URL: series,
  }),
  clock: systemClock,
  log: createLog({ level: process.env['BENCH_LOG'] ?? 'error' }),
})
const { inside } = hub

if (prepare) {
  const areaId = await inside.areas.add({
    code: 'bench',
    name: 'Bench',
    kind: 'province',
    parentId: null,
  })
  for (let from = 0; from < agents; from += 500) {
    const some = Array.from({ length: Math.min(500, agents - from) }, (_, i) => ({
      id: agentName(from + i),
      name: agentName(from + i),
      areaId,
      siteId: null,
      secret: agentSecret(from + i),
    }))
    await inside.devices.addAll(some)
  }
  await inside.credentials.refresh()
  await inside.bindings.refresh()
}

const caughtUp = async () => {
  while (!inside.stateReader.caughtUp() || !inside.seriesReader.caughtUp())
    await new Promise((r) => setTimeout(r, 5))
}

process.on('message', async (order: { do: string }) => {
  if (order.do === 'caught-up') await caughtUp()
  if (order.do === 'in-service') {
    await caughtUp()
    await inside.db.write(async (tx) => {
      await tx.updateTable('assets').set({ lifecycle: 'in-service' }).execute()
    })
    await inside.bindings.refresh()
  }
  // A quiet half minute, as after any storm: what is garbage is gone by then.
  if (order.do === 'settle') await new Promise((resolve) => setTimeout(resolve, 30_000))
  if (order.do === 'stop') {
    await hub.stop()
    process.send?.({ answer: { folder } })
    process.disconnect?.()
    return
  }
  const { user, system } = process.cpuUsage()
  const journal = inside.journal.stats()
  const alerts = await inside.db.read((q) =>
    q
      .selectFrom('alerts')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow(),
  )
  process.send?.({
    answer: {
      cpuMs: (user + system) / 1000,
      rssMb: process.memoryUsage.rss() / 1024 / 1024,
      memory: process.memoryUsage(),
      connected: inside.broker?.connectedCount(),
      records: journal.records,
      commits: journal.commits,
      lag:
        inside.journal.head() -
        Math.min(inside.stateReader.position(), inside.seriesReader.position()),
      series: inside.telemetry.stats(),
      alerts: Number(alerts.n),
    },
  })
})
process.send?.({ answer: { port: hub.ports.mqtt, folder, readyMs: performance.now() - startedAt } })
