import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHubDatabase } from '../../src/app/database.ts'
import { encode } from '../../src/contract/wire/codec.ts'
import { examples } from '../../src/contract/wire/examples.ts'
import { createManualClock, seconds } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openJournal } from '../../src/ingest/journal.ts'
import { open } from '../../src/ingest/messages.ts'
import { createStateReader } from '../../src/ingest/state-reader.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'ansang-reader-'))
const clock = createManualClock(Date.parse(examples.telemetry.at))
const log = silentLog
let parts: Awaited<ReturnType<typeof make>>

async function make() {
  const places = { backupFolder: join(folder, 'backups'), markerFile: join(folder, 'marker') }
  const { db } = await openHubDatabase({
    url: `sqlite:${join(folder, 'hub.db')}`,
    clock,
    log,
    ...places,
  })
  const journal = await openJournal({ folder: join(folder, 'journal'), log, clock })
  return { db, journal }
}

beforeAll(async () => {
  parts = await make()
})
afterAll(async () => {
  await parts.journal.close()
  await parts.db.close()
  rmSync(folder, { recursive: true, force: true })
})

it('puts one record aside that breaks a room, and applies all others once', async () => {
  const { db, journal } = parts
  const send = (agentId: string, n: number) =>
    new Promise<void>((resolve, reject) => {
      const body = { ...examples.telemetry, id: ['0a1b2c3d4e5f', n] as [string, number] }
      const payload = encode('telemetry', body)
      journal.append(
        { agentId, channel: 'telemetry', payload, receivedAt: clock.now() },
        (error) => (error ? reject(error) : resolve()),
      )
    })
  await Promise.all([send('good-1', 1), send('poison', 1), send('good-2', 1), send('good-1', 2)])
  const applied: string[] = []
  const reader = createStateReader({
    db,
    journal,
    hubId: 'hub',
    clock,
    log,
    open,
    listeningSince: () => 0,
    apply: [
      async (_tx, messages) => {
        if (messages.some((message) => message.agentId === 'poison')) throw new Error('no way')
      },
    ],
    applied: (messages) => applied.push(...messages.map((message) => message.agentId)),
    count: () => {},
  })
  await until(async () => {
    await clock.live(seconds(5))
    return reader.caughtUp()
  })
  await reader.stop()
  expect(applied).toEqual(['good-1', 'good-2', 'good-1'])
  const rejected = await db.read((q) =>
    q.selectFrom('rejected').select(['agentId', 'reason']).execute(),
  )
  expect(rejected).toEqual([{ agentId: 'poison', reason: 'could not be applied: no way' }])
})
