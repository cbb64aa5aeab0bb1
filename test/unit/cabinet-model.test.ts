import { describe, expect, test } from 'vitest'
import { createCabinetModel } from '../../agents/fakes/cabinet-model.ts'
import { createManualClock } from '../../src/core/clock.ts'

const start = Date.UTC(2026, 2, 1)

function model() {
  const clock = createManualClock(start)
  const circuits = [
    { part: 'circuit:1', coil: 0, phases: ['A', 'B', 'C'] as const, lamps: 10, lampW: 100 },
    { part: 'circuit:2', coil: 1, phases: ['C'] as const, lamps: 4, lampW: 50 },
  ]
  return { clock, cabinet: createCabinetModel({ clock, circuits, standbyW: 0, startWh: 0 }) }
}
const watts = (values: Record<string, number>) =>
  ['A', 'B', 'C'].map((phase) => Math.round((values[`phase:${phase}/p`] ?? 0) / 50) * 50)

describe('the cabinet as physics', () => {
  test('lamps stand on their phases and burn when the contactor closes', () => {
    const { cabinet } = model()
    expect(watts(cabinet.read())).toEqual([0, 0, 0])
    cabinet.setCoil(0, true)
    expect(watts(cabinet.read())).toEqual([400, 300, 300])
    cabinet.setCoil(1, true)
    expect(watts(cabinet.read())).toEqual([400, 300, 500])
    expect(cabinet.burning('circuit:1')).toBe(10)
  })

  test.each([
    ['three lamps out', { lampsOut: { 'circuit:1': 3 } }, [300, 200, 400]],
    ['more out than there are', { lampsOut: { 'circuit:1': 99 } }, [0, 0, 200]],
    ['a breaker out', { mcbTrip: ['circuit:1'] }, [0, 0, 200]],
    ['a phase lost', { phaseLoss: ['C' as const] }, [400, 300, 0]],
    ['mains off', { mainsOff: true }, [0, 0, 0]],
  ])('%s', (_, fault, expected) => {
    const { cabinet } = model()
    cabinet.setCoil(0, true)
    cabinet.setCoil(1, true)
    cabinet.change(fault)
    expect(watts(cabinet.read())).toEqual(expected)
  })

  test('a welded contactor stays closed; a reset board lets the others go', () => {
    const { cabinet } = model()
    cabinet.setCoil(0, true)
    cabinet.change({ welded: ['circuit:2'] })
    cabinet.resetBoard()
    expect([cabinet.coil(0), cabinet.coil(1)]).toEqual([false, false])
    expect(watts(cabinet.read())).toEqual([0, 0, 200])
  })

  test('voltage is gone with its phase, and power is what voltage and current make', () => {
    const { cabinet } = model()
    cabinet.setCoil(0, true)
    cabinet.change({ phaseLoss: ['B'] })
    const values = cabinet.read()
    expect(values['phase:B/v']).toBe(0)
    for (const phase of ['A', 'C']) {
      const [v, i, p, pf] = ['v', 'i', 'p', 'pf'].map(
        (name) => values[`phase:${phase}/${name}`] ?? 0,
      )
      expect(v).toBeGreaterThan(220)
      expect((v ?? 0) * (i ?? 0) * (pf ?? 0)).toBeCloseTo(p ?? 0, 6)
    }
  })

  test('energy counts the hours that lamps burn, never a step of the wall clock', () => {
    const { cabinet, clock } = model()
    const energy = () => Math.round(cabinet.read()['meter:1/energy_wh'] ?? 0)
    clock.advance(3_600_000)
    expect(energy()).toBe(0)
    cabinet.setCoil(0, true)
    clock.advance(2 * 3_600_000)
    expect(energy()).toBe(2000)
    clock.step(10 * 3_600_000)
    expect(energy()).toBe(2000)
    cabinet.change({ mainsOff: true })
    clock.advance(3_600_000)
    expect(energy()).toBe(2000)
  })

  test('a stuck meter says the same for ever; a live one does not', () => {
    const { cabinet, clock } = model()
    cabinet.setCoil(0, true)
    const live = cabinet.read()
    clock.advance(10_000)
    expect(cabinet.read()).not.toEqual(live)
    cabinet.change({ stuckMeter: true })
    const stuck = cabinet.read()
    cabinet.change({ mcbTrip: ['circuit:1'] })
    clock.advance(3_600_000)
    expect(cabinet.read()).toEqual(stuck)
    cabinet.change({ stuckMeter: false })
    expect(watts(cabinet.read())).toEqual([0, 0, 0])
  })

  test('equal seeds and times give equal readings', () => {
    expect(model().cabinet.read()).toEqual(model().cabinet.read())
  })
})
