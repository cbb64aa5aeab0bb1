import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  acknowledge,
  addLive,
  isTaken,
  type LaneLimits,
  type Lanes,
  nextToSend,
  openLanes,
} from '../../agents/runtime/lanes.ts'

const limits: LaneLimits = { window: 8, backlogWindow: 3, backlogPerSecond: 5 }

/** Everything that may go at this moment, oldest backlog first. */
function drain(before: Lanes, backlog: number[], mono: number) {
  const sent: string[] = []
  let lanes = before
  for (;;) {
    const current = lanes
    const oldest = () => backlog.find((n) => !isTaken(current, n))
    const step = nextToSend(lanes, oldest, { mono, limits })
    lanes = step.lanes
    if (!step.send) return { lanes, sent, waitMs: step.waitMs }
    const { n, lane } = step.send
    sent.push(`${lane === 'live' ? 'L' : 'B'}${n}`)
    if (lane === 'backlog') backlog.splice(backlog.indexOf(n), 1)
  }
}

describe('lanes', () => {
  test('nothing but the birth until it is acknowledged, then what is now, then what was', () => {
    const backlog = [1, 2, 3]
    let state = drain(openLanes(10, [11, 12], 0), backlog, 0)
    expect(state.sent).toEqual(['L10'])
    state = drain(acknowledge(state.lanes, 10), backlog, 0)
    expect(state.sent).toEqual(['L11', 'L12'])
    state = drain(state.lanes, backlog, 1000)
    expect(state.sent).toEqual(['B1', 'B2', 'B3'])
  })

  test('the backlog keeps its rate', () => {
    const backlog = Array.from({ length: 100 }, (_, n) => n + 1)
    let lanes = acknowledge(drain(openLanes(200, [], 0), [], 0).lanes, 200)
    let sent = 0
    for (let mono = 0; mono <= 10_000; mono += 10) {
      const state = drain(lanes, backlog, mono)
      sent += state.sent.length
      lanes = state.sent.reduce(
        (open, name) => acknowledge(open, Number(name.slice(1))),
        state.lanes,
      )
    }
    expect(sent).toBe(50)
  })

  test('tells when the next backlog record may go', () => {
    const lanes = acknowledge(drain(openLanes(9, [], 0), [], 0).lanes, 9)
    expect(drain(lanes, [1], 100).waitMs).toBe(100)
    expect(drain(lanes, [1], 200).sent).toEqual(['B1'])
    expect(drain(lanes, [], 0).waitMs).toBeUndefined()
  })

  test('a full backlog window never keeps a live record from going', () => {
    let lanes = acknowledge(drain(openLanes(100, [], 0), [], 0).lanes, 100)
    lanes = drain(lanes, [1, 2, 3, 4, 5, 6], 60_000).lanes
    expect([...lanes.inFlight.keys()]).toEqual([1, 2, 3])
    expect(drain(addLive(lanes, 101), [4, 5, 6], 60_000).sent).toEqual(['L101'])
  })

  test('the backlog never overfills the window that live records use, too', () => {
    let lanes = openLanes(1000, [], 0)
    for (let n = 1001; n <= 1006; n += 1) lanes = addLive(lanes, n)
    lanes = acknowledge(drain(lanes, [], 0).lanes, 1000)
    expect(drain(lanes, [1, 2, 3], 600).lanes.inFlight.size).toBe(7)
  })

  test('whatever happens: never more than the window, each record on its way once, live in order', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('live' as const) }),
      fc.record({ kind: fc.constant('ack' as const), pick: fc.nat() }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const backlog = Array.from({ length: 20 }, (_, n) => n + 1)
        let lanes = openLanes(1000, [], 0)
        let mono = 0
        let next = 1001
        const sent: string[] = []
        for (const one of steps) {
          if (one.kind === 'live') lanes = addLive(lanes, next++)
          if (one.kind === 'wait') mono += one.ms
          if (one.kind === 'ack') {
            const flying = [...lanes.inFlight.keys()]
            const n = flying[one.pick % Math.max(1, flying.length)]
            if (n !== undefined) lanes = acknowledge(lanes, n)
          }
          const state = drain(lanes, backlog, mono)
          lanes = state.lanes
          sent.push(...state.sent)
          expect(lanes.inFlight.size).toBeLessThanOrEqual(limits.window)
        }
        expect(new Set(sent).size).toBe(sent.length)
        const live = sent.filter((name) => name.startsWith('L'))
        expect(live).toEqual(live.toSorted())
        const backlogSent = sent.filter((name) => name.startsWith('B')).length
        expect(backlogSent).toBeLessThanOrEqual((mono / 1000) * limits.backlogPerSecond + 1)
        // Nothing that may go stays behind: a free window means no waiting live record.
        expect(lanes.live.length === 0 || lanes.birth || lanes.inFlight.size === 8).toBeTruthy()
      }),
    )
  })
})
