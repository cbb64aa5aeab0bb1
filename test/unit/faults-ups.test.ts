import { describe, expect, test } from 'vitest'
import { readUps, toUpsSample } from '../../agents/power/ups-reading.ts'
import { judgeUps, upsLow, upsPower } from '../../src/faults/ups.ts'

describe('status is a set of words', () => {
  test.each([
    ['OL', 'mains'],
    ['OL CHRG', 'mains'],
    ['OL LB RB', 'mains'],
    ['ALARM OL TRIM', 'mains'],
    ['OB', 'battery'],
    ['OB DISCHRG', 'battery'],
    ['OB OFF OB', 'battery'],
    ['DISCHRG  OB LB', 'battery'],
    ['FSD OL', 'battery'],
    ['ob', 'battery'],
    ['OL OB', 'unknown'],
    ['OB CAL', 'unknown'],
    ['OL CAL', 'mains'],
    ['BYPASS', 'unknown'],
    ['OFF', 'unknown'],
    ['NOBODY', 'unknown'],
  ])('%s is %s', (status, power) => {
    expect(upsPower(status)).toBe(power)
  })

  test.each([
    ['OB LB', {}, true],
    ['FSD OB', {}, true],
    ['OB', {}, false],
    ['OL LB', {}, false],
    ['OB', { chargePct: 19, lowChargePct: 20 }, true],
    ['OB', { chargePct: 20, lowChargePct: 20 }, false],
    ['OB', { chargePct: 5 }, false],
    ['OB', { runtimeS: 299 }, true],
    ['OB', { runtimeS: 300 }, false],
    ['OL', { chargePct: 5, lowChargePct: 20, runtimeS: 10 }, false],
  ])('%s %o low: %s', (status, more, low) => {
    expect(upsLow({ read: true, status, ...more })).toBe(low)
  })
})

describe('what one look means', () => {
  const said = (variables: Record<string, string>) =>
    judgeUps(readUps(variables)).map(({ code, state, severity }) =>
      [code, state, severity].filter(Boolean).join(' '),
    )
  test.each([
    [{ 'ups.status': 'OL' }, ['ups-unmonitored ok', 'ups-on-battery ok']],
    [{ 'ups.status': 'OB DISCHRG' }, ['ups-unmonitored ok', 'ups-on-battery fault']],
    [{ 'ups.status': 'OB LB' }, ['ups-unmonitored ok', 'ups-on-battery fault critical']],
    [{ 'ups.status': 'OFF' }, ['ups-unmonitored ok', 'ups-on-battery unknown']],
    [{ 'ups.status': 'WAIT' }, ['ups-unmonitored fault', 'ups-on-battery unknown']],
    [{ 'ups.status': ' ' }, ['ups-unmonitored fault', 'ups-on-battery unknown']],
    [{}, ['ups-unmonitored fault', 'ups-on-battery unknown']],
  ])('%o', (variables, expected) => {
    expect(said(variables as Record<string, string>)).toEqual(expected)
  })

  test.each(['DATA-STALE', 'DRIVER-NOT-CONNECTED', 'timeout', 'connection refused'])(
    '%s is never "power lost"',
    (reason) => {
      expect(judgeUps({ read: false, reason })).toEqual([
        { part: '', code: 'ups-unmonitored', state: 'fault', raw: reason },
        { part: '', code: 'ups-on-battery', state: 'unknown', raw: reason },
      ])
    },
  )
})

describe('the sample', () => {
  const sampleOf = (variables: Record<string, string>) =>
    toUpsSample('ups1', 0, { reading: readUps(variables), variables })

  test('what a cheap unit does not measure is left out, what it garbles is null', () => {
    const sample = sampleOf({ 'ups.status': 'OL', 'battery.charge': '98.5', 'ups.load': 'n/a' })
    expect(sample.parts['']).toEqual({ on_battery: 0, low: 0, battery_pct: 98.5, load_pct: null })
    expect(sample.reasons).toEqual({ '/load_pct': 'unreadable: n/a' })
  })

  test('an unclear status is null with the status as the reason', () => {
    const sample = sampleOf({ 'ups.status': 'OL OB' })
    expect(sample.parts['']).toEqual({ on_battery: null, low: null })
    expect(sample.reasons?.['/on_battery']).toBe('status OL OB')
  })
})
