import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNutCollector } from '../../agents/power/nut.ts'
import type { Collector } from '../../agents/runtime/collector.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type RealNut, startRealNut } from '../support/nut.ts'
import { requirePart } from '../support/real-parts.ts'
import { until } from '../support/until.ts'

const upsd = requirePart('nut')

describe.runIf(upsd)('a real upsd with a real driver', () => {
  const online = {
    'ups.status': 'OL',
    'battery.charge': '100',
    'battery.charge.low': '20',
    'battery.runtime': '1840',
    'device.mfr': 'APC',
    'device.model': 'Smart-UPS 1500',
    'device.serial': 'AS0000000000',
    'input.voltage': '231.4',
    'output.voltage': '231.4',
    'ups.load': '23.4',
  }
  let nut: RealNut
  let collector: Collector
  beforeAll(async () => {
    nut = await startRealNut(upsd ?? '', online)
    collector = createNutCollector(
      { unit: 'ups1', host: '127.0.0.1', port: nut.port, ups: 'ups1' },
      {
        clock: systemClock,
        log: silentLog,
        dataDir: '/nowhere',
        clockTrust: () => 'trusted',
        pollSoon: () => {},
      },
    )
  })
  afterAll(() => nut?.close())

  const poll = () => collector.collect(new AbortController().signal)
  /** Everything that was said on the way until `wanted` is among it. */
  const saidUntil = async (wanted: string) => {
    const said: string[] = []
    await until(
      async () => {
        const { verdicts } = await poll()
        said.push(...verdicts.map(({ code, state }) => `${code} ${state}`))
        const raws = verdicts.map(({ code, state, raw }) => `${code} ${state} ${raw}`)
        return raws.some((one) => one.startsWith(wanted))
      },
      { what: wanted, timeoutMs: 60_000, everyMs: 200 },
    )
    return said
  }

  test('reads it', async () => {
    await saidUntil('ups-on-battery ok OL')
    const { sample } = await poll()
    expect(sample.parts['']).toEqual({
      on_battery: 0,
      low: 0,
      battery_pct: 100,
      load_pct: 23.4,
      in_v: 231.4,
      out_v: 231.4,
      runtime_s: 1840,
    })
  })

  test('sees the mains go and come back', async () => {
    nut.setValues({ ...online, 'ups.status': 'OB DISCHRG', 'input.voltage': '0.0' })
    await saidUntil('ups-on-battery fault OB DISCHRG')
    nut.setValues({ ...online, 'ups.status': 'OB LB', 'battery.charge': '7' })
    await saidUntil('ups-on-battery fault OB LB')
    expect((await poll()).verdicts[1]).toMatchObject({ severity: 'critical' })
    nut.setValues(online)
    await saidUntil('ups-on-battery ok OL')
  })

  test('a driver that hangs goes stale: not monitored, never "power lost"', async () => {
    nut.driver.pause()
    const said = await saidUntil('ups-unmonitored fault DATA-STALE')
    expect(said).not.toContain('ups-on-battery fault')
    expect((await poll()).sample.parts['']).toEqual({ on_battery: null, low: null })
    nut.driver.resume()
    await saidUntil('ups-unmonitored ok')
  })

  test('a driver that was killed is not connected: not monitored, never "power lost"', async () => {
    await nut.driver.kill()
    const said = await saidUntil('ups-unmonitored fault DRIVER-NOT-CONNECTED')
    expect(said).not.toContain('ups-on-battery fault')
    await nut.driver.start()
    await saidUntil('ups-on-battery ok OL')
  })
})
