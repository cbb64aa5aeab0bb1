import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Outbox, openOutbox } from '../../agents/runtime/outbox.ts'
import type { Stamp } from '../../agents/runtime/rebase.ts'
import type { UpChannel } from '../../src/contract/wire/channels.ts'
import { createManualClock, days } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'

const now = Date.UTC(2026, 10, 24)
let dataDir = ''
const open: Outbox[] = []

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ansang-outbox-'))
})
afterEach(() => {
  for (const one of open.splice(0)) one.close()
  rmSync(dataDir, { recursive: true })
})

const clock = createManualClock(now)
const openHere = (bounds: { maxBytes?: number; maxAgeMs?: number } = {}): Outbox => {
  const outbox = openOutbox({
    dataDir,
    clock,
    log: silentLog,
    maxBytes: 10_000_000,
    maxAgeMs: days(30),
    ...bounds,
  })
  open.push(outbox)
  return outbox
}
const reopen = (outbox: Outbox): Outbox => {
  open.splice(open.indexOf(outbox), 1)
  outbox.close()
  return openHere()
}
const stamp = (change: Partial<Stamp> = {}): Stamp => ({
  boot: '00c0ffee',
  mono: 1,
  at: now,
  trust: 'trusted',
  ...change,
})
const add = (outbox: Outbox, channel: UpChannel = 'telemetry', bytes = 10, change = {}) =>
  outbox.add({ channel, stamp: stamp(change), body: { text: 'x'.repeat(bytes) } }) ?? 0
const all = (outbox: Outbox): number[] => {
  const seen = new Set<number>()
  for (let n = outbox.oldest(() => false); n !== undefined; n = outbox.oldest((m) => seen.has(m))) {
    seen.add(n)
  }
  return [...seen]
}

describe('outbox', () => {
  test('gives back what was put in, in order, after a restart', () => {
    const before = openHere()
    const ids = [add(before), add(before, 'conditions'), add(before)]
    before.acknowledge(ids[0] ?? 0)
    const epoch = before.epoch()
    const after = reopen(before)
    expect(all(after)).toEqual(ids.slice(1))
    expect(after.get(ids[1] ?? 0)).toMatchObject({
      epoch,
      n: 2,
      channel: 'conditions',
      stamp: stamp(),
    })
    expect(after.stats()).toMatchObject({ records: 2, dropped: 0, onDisk: true })
  })

  test('no id comes twice, whatever is added, acknowledged, reopened, corrupted or copied', () => {
    const step = fc.constantFrom('add', 'add', 'ack-all', 'reopen', 'corrupt', 'copy')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        rmSync(dataDir, { recursive: true })
        let outbox = openHere()
        const file = join(dataDir, 'outbox.sqlite')
        const ids = new Set<string>()
        let given = 0
        for (const one of steps) {
          if (one === 'add') {
            given += 1
            ids.add(`${outbox.epoch()}/${add(outbox)}`)
          }
          if (one === 'ack-all') for (const n of all(outbox)) outbox.acknowledge(n)
          if (one === 'reopen') outbox = reopen(outbox)
          if (one === 'copy' || one === 'corrupt') {
            open.splice(open.indexOf(outbox), 1)
            outbox.close()
            if (one === 'corrupt') truncateSync(file, 5000)
            if (one === 'copy') {
              copyFileSync(file, `${file}.copy`)
              rmSync(file)
              copyFileSync(`${file}.copy`, file)
            }
            outbox = openHere()
          }
        }
        open.splice(open.indexOf(outbox), 1)
        outbox.close()
        expect(ids.size).toBe(given)
      }),
      { numRuns: 12 },
    )
  })

  test('a corrupt file is kept aside, and a new epoch begins', () => {
    const before = openHere()
    add(before)
    const epoch = before.epoch()
    before.close()
    open.length = 0
    writeFileSync(join(dataDir, 'outbox.sqlite'), 'this is no database, whatever its name says')
    const after = openHere()
    expect(after.epoch()).not.toBe(epoch)
    expect(add(after)).toBe(1)
    expect(readdirSync(dataDir)).toContain('outbox.sqlite.corrupt')
  })

  test('a restored backup may not use its numbers again', () => {
    const file = join(dataDir, 'outbox.sqlite')
    const first = openHere()
    add(first)
    first.close()
    open.length = 0
    copyFileSync(file, `${file}.backup`)
    const second = openHere()
    const sent = `${second.epoch()}/${add(second)}`
    second.close()
    open.length = 0
    rmSync(file)
    copyFileSync(`${file}.backup`, file)
    const restored = openHere()
    expect(`${restored.epoch()}/${add(restored)}`).not.toBe(sent)
    // What waited keeps the id under which the hub may know it.
    expect(restored.get(1)?.epoch).toBe(first.epoch())
  })

  test('two agents on one folder: the second does not start', () => {
    openHere()
    expect(() => openHere()).toThrow(/in use by another agent/)
  })

  test('the oldest telemetry makes room and is counted; the rest stays', () => {
    const outbox = openHere({ maxBytes: 5000 })
    const birth = add(outbox, 'birth', 200)
    const early = add(outbox, 'conditions', 200)
    for (let i = 0; i < 40; i++) add(outbox, 'telemetry', 200)
    const last = add(outbox, 'reported', 200)
    const kept = all(outbox)
    expect(kept).toEqual(expect.arrayContaining([birth, early, last]))
    expect(kept.slice(2)).toEqual(kept.slice(2).toSorted((a, b) => a - b))
    expect(kept.at(-2)).toBe(last - 1)
    const { records, bytes, dropped } = outbox.stats()
    expect(bytes).toBeLessThanOrEqual(5000)
    expect(records + dropped).toBe(43)
    expect(reopen(outbox).stats().dropped).toBe(dropped)
  })

  test('if conditions fill it all, the newest full set is still there', () => {
    const outbox = openHere({ maxBytes: 3000 })
    const ids = Array.from({ length: 30 }, () => add(outbox, 'conditions', 300))
    expect(all(outbox).at(-1)).toBe(ids.at(-1))
    expect(outbox.stats().bytes).toBeLessThanOrEqual(3000)
  })

  test('telemetry grows too old, conditions and undated records do not', () => {
    const outbox = openHere({ maxAgeMs: days(1) })
    const old = { at: now - days(2) }
    add(outbox, 'telemetry', 10, old)
    const kept = [
      add(outbox, 'conditions', 10, old),
      add(outbox, 'telemetry', 10, { at: now - days(0.9) }),
    ]
    add(outbox, 'telemetry', 10, { ...old, trust: 'untrusted' })
    outbox.expire(now)
    expect(all(outbox)).toEqual(kept)
    expect(outbox.stats()).toMatchObject({ records: 3, dropped: 1 })
  })

  test('what nobody can date waits until it is dated', () => {
    const outbox = openHere()
    const n = add(outbox, 'telemetry', 10, { trust: 'untrusted', at: 5 })
    expect(all(outbox)).toEqual([])
    outbox.retime((record) => ({
      ...record,
      stamp: { ...record.stamp, at: now, trust: 'trusted' },
    }))
    expect(all(outbox)).toEqual([n])
    expect(outbox.get(n)?.stamp).toEqual(stamp())
  })

  test('a folder that cannot be written: goes on in memory under an epoch of its own', () => {
    rmSync(dataDir, { recursive: true })
    writeFileSync(dataDir, 'a file where the folder should be')
    const outbox = openHere()
    const n = add(outbox)
    expect(outbox.get(n)?.epoch).toBe(outbox.epoch())
    expect(outbox.stats().onDisk).toBe(false)
  })

  test('a record that no packet can carry is refused, and counted', () => {
    const outbox = openHere()
    expect(
      outbox.add({ channel: 'telemetry', stamp: stamp(), body: { x: 'x'.repeat(300_000) } }),
    ).toBeUndefined()
    expect(outbox.stats()).toMatchObject({ records: 0, dropped: 1 })
  })
})
