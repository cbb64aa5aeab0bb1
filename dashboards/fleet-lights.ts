import { lines, numbers } from './house.ts'
import { atEnd, bySlice, from, influx, inRange, ofArea, ofAsset, pick } from './influxql.ts'

const circuitCounts = (fn: 'last' | 'max') =>
  [
    pick(fn, 'area_stats', 'circuits_lit', 'Đang sáng'),
    pick(fn, 'area_stats', 'circuits_dark', 'Không sáng'),
    pick(fn, 'area_stats', 'circuits_day_burning', 'Sáng ban ngày'),
  ].join(', ')

export const circuitNumbers = () =>
  numbers({
    title: 'Lộ đèn của địa bàn',
    description: 'Circuits of the area: lit, dark though they should burn, burning by day.',
    span: 12,
  }).withTarget(
    influx(`SELECT ${circuitCounts('last')} ${from('area_stats')} WHERE ${ofArea} AND ${atEnd}`)
      .alias('$col')
      .refId('A'),
  )

export const circuitHistory = () =>
  lines({
    title: 'Lộ đèn theo thời gian',
    description: 'Circuits of the area over time: lit, dark, burning by day.',
    span: 12,
  }).withTarget(
    influx(
      `SELECT ${circuitCounts('max')} ${from('area_stats')} ` +
        `WHERE ${ofArea} AND ${inRange} ${bySlice} fill(null)`,
    )
      .alias('$col')
      .refId('A'),
  )

/**
 * Mean of each phase first, then the sum of the cabinets: samples are not evenly spaced. Slices are
 * long enough for a sample of each; `fill(previous)` in an inner query makes InfluxDB 1.x answer
 * with rows that belong to no slice.
 */
export const phasePower = () =>
  lines({
    title: 'Công suất theo pha',
    description: 'Power of the cabinets per phase (A, B, C), all chosen assets together.',
    span: 12,
  })
    .unit('watt')
    .interval('15m')
    .withTarget(
      influx(
        `SELECT sum(watts) FROM (SELECT mean("p") AS watts ${from('phase')} ` +
          `WHERE ${ofAsset} AND ${inRange} ${bySlice}, "asset", "part" fill(none)) ` +
          `WHERE ${inRange} ${bySlice}, "part" fill(null)`,
      )
        .alias('$tag_part')
        .refId('A'),
    )
