import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { createRecorderModel } from '../../agents/fakes/recorder-model.ts'
import { days, minutes } from '../../src/core/clock.ts'
import { morning } from '../support/collecting.ts'
import { createRecorderRig, type RecorderRig } from '../support/recorder-rig.ts'
import { until } from '../support/until.ts'

let rig: RecorderRig
afterEach(() => rig.close())

describe('a recorder with bad manners', () => {
  test.each(['stall', 'half', 'trickle'] as const)(
    '%s: two time limits, then one fault after the hold',
    async (transport) => {
      rig = await createRecorderRig()
      await rig.poll()
      rig.fake.manners.transport = transport
      const before = rig.clock.monotonic()
      const once = await rig.pollStalling()
      expect(rig.clock.monotonic() - before).toBeGreaterThanOrEqual(20_000)
      expect(rig.clock.monotonic() - before).toBeLessThan(26_000)
      expect(once.said[0]).toBe('|recorder-unreachable fault')
      expect(once.active).toEqual([])
      rig.clock.advance(minutes(2))
      const later = await rig.pollStalling()
      expect(later.active).toEqual(['|recorder-unreachable'])
      expect(later.judged.active[0]?.raw).toBe('timeout')
      await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
    },
  )

  test.each([
    ['reset', 'connection reset'],
    ['flood', 'answer too large'],
  ] as const)('%s', async (transport, raw) => {
    rig = await createRecorderRig()
    await rig.poll()
    rig.fake.manners.transport = transport
    const polled = await rig.pollFor(minutes(3))
    expect(polled.active).toEqual(['|recorder-unreachable'])
    expect(polled.judged.active[0]?.raw).toBe(raw)
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
  })

  test.each(['html', 'truncated', 'empty'] as const)(
    'pages that are %s are unknown, not a fault',
    async (transport) => {
      rig = await createRecorderRig()
      await rig.poll()
      rig.fake.manners.transport = transport
      const polled = await rig.pollFor(minutes(10))
      expect(polled.active).toEqual([])
      expect(polled.said.some((one) => one.endsWith('fault'))).toBe(false)
      expect(polled.sample.parts['']?.['reachable']).toBeNull()
      expect(polled.sample.parts['ch:1']).toEqual({ online: null })
      rig.fake.manners.transport = 'well'
      expect((await rig.poll()).unknown).toEqual([])
    },
  )

  test('a stop while it stalls ends the poll at once', async () => {
    rig = await createRecorderRig({ manners: { transport: 'stall' } })
    const stop = new AbortController()
    const poll = rig.collector().collect(stop.signal)
    await until(() => rig.fake.counts.requests > 0)
    stop.abort(new Error('agent stops'))
    await expect(poll).rejects.toThrow('agent stops')
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
  })

  test('polls that overlap are still one question at a time', async () => {
    rig = await createRecorderRig({ manners: { transport: 'stall' } })
    await Promise.all(Array.from({ length: 6 }, () => rig.pollStalling()))
    // One connection is being asked while the one before may still be closing.
    expect(rig.fake.counts.mostOpen).toBeLessThanOrEqual(2)
    expect(rig.fake.counts.requests).toBeGreaterThanOrEqual(6)
  })
})

describe('something else at its address', () => {
  let other: Server
  afterEach(() => new Promise((resolve) => other.close(resolve)))

  test('a web page there is neither the recorder nor its absence', async () => {
    other = createServer((_, response) => response.end('<html><body>Router</body></html>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    rig = await createRecorderRig({ config: { url } })
    const polled = await rig.pollFor(minutes(5))
    expect(polled.active).toEqual([])
    expect(polled.unknown).toContain('|recorder-unreachable')
    expect(polled.sample.reasons?.['/reachable']).toBe('answers, but not as a recorder')
    expect(polled.inventory).toBeUndefined()
  })
})

describe('for a long time', () => {
  const polls = 2000

  test(`${polls} polls of a stalling recorder leave nothing behind`, async () => {
    const model = createRecorderModel({ serial: 'FAKE0001', bootedAt: morning - days(10) })
    rig = await createRecorderRig({ model, manners: { transport: 'stall' } })
    const handles = () => process.getActiveResourcesInfo().length
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const heap = () => {
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const lots = async (count: number) => {
      for (let at = 0; at < count; at++) await pollFast()
    }
    /** Advances whenever both ends wait for each other. */
    const pollFast = async () => {
      const state = { done: false }
      const poll = rig.poll().finally(() => {
        state.done = true
      })
      let asked = rig.fake.counts.requests
      while (!state.done) {
        await new Promise((resolve) => setImmediate(resolve))
        if (rig.fake.counts.requests === asked) continue
        asked = rig.fake.counts.requests
        rig.clock.advance(10_000)
      }
      return poll
    }
    await lots(200)
    const before = { handles: handles(), heap: heap() }
    await lots(polls - 200)
    await until(() => rig.fake.open() === 0, { what: 'all connections closed' })
    expect(rig.fake.counts.requests).toBe(2 * polls)
    expect(handles()).toBeLessThanOrEqual(before.handles + 5)
    expect(heap() - before.heap).toBeLessThan(5_000_000)
  })
})
