import { lines, list, numbers } from './house.ts'
import { atEnd, bySlice, from, influx, inRange, ofArea, ofAsset, pick } from './influxql.ts'

const cameraCounts = (fn: 'last' | 'mean') =>
  [
    pick(fn, 'area_stats', 'cameras_registered', 'Đăng ký'),
    pick(fn, 'area_stats', 'cameras_monitored', 'Có giám sát'),
    pick(fn, 'area_stats', 'cameras_online', 'Trực tuyến'),
    pick(fn, 'area_stats', 'cameras_recording', 'Đang ghi hình'),
    pick(fn, 'area_stats', 'cameras_unknown', 'Chưa rõ'),
  ].join(', ')

/** Unknown is neither red nor green. */
const greyUnknown = { id: 'color', value: { mode: 'fixed', fixedColor: 'gray' } }

export const cameraNumbers = () =>
  numbers({
    title: 'Camera của địa bàn',
    description: 'Cameras of the area: registered, monitored, online, recording, unknown.',
    span: 12,
  })
    .overrideByName('Chưa rõ', [greyUnknown])
    .withTarget(
      influx(`SELECT ${cameraCounts('last')} ${from('area_stats')} WHERE ${ofArea} AND ${atEnd}`)
        .alias('$col')
        .refId('A'),
    )

export const cameraHistory = () =>
  lines({
    title: 'Camera theo thời gian',
    description: 'Cameras of the area over time.',
    span: 12,
  })
    .overrideByName('Chưa rõ', [greyUnknown])
    .withTarget(
      influx(
        `SELECT ${cameraCounts('mean')} ${from('area_stats')} ` +
          `WHERE ${ofArea} AND ${inRange} ${bySlice} fill(null)`,
      )
        .alias('$col')
        .refId('A'),
    )

/** Of those whose state is known: unknown is not a fault. */
const availability =
  'mean("cameras_online") / (mean("cameras_monitored") - mean("cameras_unknown"))'

export const cameraAvailability = () =>
  lines({
    title: 'Tỷ lệ hoạt động của camera',
    description:
      'Trực tuyến trên số có giám sát và đã rõ trạng thái. ' +
      'Availability: online of those monitored whose state is known.',
    span: 12,
  })
    .unit('percentunit')
    .max(1)
    .withTarget(
      influx(
        `SELECT ${availability} AS "Tỷ lệ hoạt động" ${from('area_stats')} WHERE ${ofArea} ` +
          `AND "cameras_monitored" > "cameras_unknown" AND ${inRange} ${bySlice} fill(null)`,
      )
        .alias('$col')
        .refId('A'),
    )

export const recorderReach = () =>
  lines({
    title: 'Đầu ghi liên lạc được',
    description: 'Recorders: share of the time each could be reached.',
    span: 12,
  })
    .unit('percentunit')
    .max(1)
    .withTarget(
      influx(
        `SELECT mean("reachable") ${from('recorder')} WHERE ${ofAsset} AND ${inRange} ` +
          `${bySlice}, "asset" fill(null)`,
      )
        .alias('$tag_asset')
        .refId('A'),
    )

export const areaTable = () =>
  list({
    title: 'Theo địa bàn',
    description:
      'Mỗi dòng gồm cả các địa bàn bên trong. By area; each row includes the areas inside it.',
    span: 24,
  }).withTarget(
    influx(
      `SELECT ${[
        cameraCounts('last'),
        pick('last', 'area_stats', 'circuits_lit', 'Lộ đang sáng'),
        pick('last', 'area_stats', 'circuits_dark', 'Lộ không sáng'),
        pick('last', 'area_stats', 'alerts_open_critical', 'Cảnh báo khẩn cấp'),
        pick('last', 'area_stats', 'alerts_open_high', 'Cảnh báo cao'),
      ].join(', ')} ${from('area_stats')} WHERE ${atEnd} GROUP BY "area"`,
      'table',
    ).refId('A'),
  )
