import { StackingConfigBuilder, StackingMode } from '@grafana/grafana-foundation-sdk/common'
import { lines, list, numbers, steps } from './house.ts'
import { atEnd, bySlice, from, influx, inRange, ofArea, ofAsset, pick } from './influxql.ts'

const openAlerts = (fn: 'last' | 'max') =>
  [
    pick(fn, 'area_stats', 'alerts_open_critical', 'Khẩn cấp'),
    pick(fn, 'area_stats', 'alerts_open_high', 'Cao'),
    pick(fn, 'area_stats', 'alerts_open_medium', 'Trung bình'),
    pick(fn, 'area_stats', 'alerts_open_low', 'Thấp'),
  ].join(', ')

const fixed = (fixedColor: string) => [{ id: 'color', value: { mode: 'fixed', fixedColor } }]

export const alertNumbers = () =>
  numbers({
    title: 'Cảnh báo đang mở',
    description: 'Open alerts of the area by severity: critical, high, medium, low.',
    span: 12,
  })
    .thresholds(steps('green', [1, 'orange']))
    .withTarget(
      influx(`SELECT ${openAlerts('last')} ${from('area_stats')} WHERE ${ofArea} AND ${atEnd}`)
        .alias('$col')
        .refId('A'),
    )

export const alertHistory = () =>
  lines({
    title: 'Cảnh báo đang mở theo thời gian',
    description: 'Open alerts of the area by severity over time.',
    span: 12,
  })
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
    .overrideByName('Khẩn cấp', fixed('red'))
    .overrideByName('Cao', fixed('orange'))
    .overrideByName('Trung bình', fixed('yellow'))
    .overrideByName('Thấp', fixed('blue'))
    .withTarget(
      influx(
        `SELECT ${openAlerts('max')} ${from('area_stats')} ` +
          `WHERE ${ofArea} AND ${inRange} ${bySlice} fill(null)`,
      )
        .alias('$col')
        .refId('A'),
    )

/** A state is stored on change and on a heartbeat; its last value holds until the next one. */
const lastOfEach = (field: 'on_battery' | 'ok', measurement: 'ups' | 'disk', tags: string) =>
  `(SELECT last("${field}") AS state ${from(measurement)} ` +
  `WHERE ${ofAsset} AND ${inRange} GROUP BY ${tags})`

export const upsOnBattery = () =>
  numbers({
    title: 'Bộ lưu điện đang dùng ắc quy',
    description: 'UPSs on battery, by the last state of each in the shown range.',
    span: 6,
  })
    .thresholds(steps('green', [1, 'red']))
    .withTarget(
      influx(`SELECT sum(state) AS "UPS" FROM ${lastOfEach('on_battery', 'ups', '"asset"')}`)
        .alias('$col')
        .refId('A'),
    )

export const failingDisks = () =>
  numbers({
    title: 'Ổ cứng hỏng',
    description: 'Failing disks, by the last state of each in the shown range.',
    span: 6,
  })
    .thresholds(steps('green', [1, 'red']))
    .withTarget(
      influx(
        `SELECT count(state) - sum(state) AS "Ổ cứng" ` +
          `FROM ${lastOfEach('ok', 'disk', '"asset", "part"')}`,
      )
        .alias('$col')
        .refId('A'),
    )

export const diskTable = () =>
  list({
    title: 'Ổ cứng',
    description: 'Disks: last state (1 = good), capacity and free space of each.',
    span: 12,
  }).withTarget(
    influx(
      `SELECT ${[
        pick('last', 'disk', 'ok', 'Tốt'),
        pick('last', 'disk', 'capacity_mb', 'Dung lượng (MB)'),
        pick('last', 'disk', 'free_mb', 'Còn trống (MB)'),
      ].join(', ')} ${from('disk')} WHERE ${ofAsset} AND ${inRange} GROUP BY "asset", "part"`,
      'table',
    ).refId('A'),
  )

export const upsCharge = () =>
  lines({
    title: 'Ắc quy của bộ lưu điện',
    description: 'UPS battery charge.',
    span: 12,
  })
    .unit('percent')
    .max(100)
    .withTarget(
      influx(
        `SELECT min("battery_pct") ${from('ups')} WHERE ${ofAsset} AND ${inRange} ` +
          `${bySlice}, "asset" fill(null)`,
      )
        .alias('$tag_asset')
        .refId('A'),
    )
