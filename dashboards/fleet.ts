import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  areaTable,
  cameraAvailability,
  cameraHistory,
  cameraNumbers,
  recorderReach,
} from './fleet-cameras.ts'
import {
  alertHistory,
  alertNumbers,
  diskTable,
  failingDisks,
  upsCharge,
  upsOnBattery,
} from './fleet-faults.ts'
import { circuitHistory, circuitNumbers, phasePower } from './fleet-lights.ts'
import { dataSource, row } from './house.ts'

const tagValues = (query: string) => ({
  query,
  refId: 'InfluxVariableQueryEditor-VariableQuery',
})

const area = new QueryVariableBuilder('area')
  .label('Địa bàn')
  .description('Area, with everything inside it')
  .datasource(dataSource)
  .query(tagValues('SHOW TAG VALUES FROM "area_stats" WITH KEY = "area"'))
  .refresh(VariableRefresh.OnDashboardLoad)
  .sort(VariableSort.AlphabeticalAsc)

const asset = new QueryVariableBuilder('asset')
  .label('Tài sản')
  .description('Recorders, disks, UPSs and cabinets by the id of their asset')
  .datasource(dataSource)
  .query(tagValues('SHOW TAG VALUES FROM /^(recorder|disk|ups|cabinet|phase)$/ WITH KEY = "asset"'))
  .refresh(VariableRefresh.OnTimeRangeChanged)
  .sort(VariableSort.AlphabeticalAsc)
  .multi(true)
  .includeAll(true)
  .allValue('.*')

/**
 * Fleet: the whole province at a glance. Figures of an area are those the hub writes for it and
 * everything below it; power, disks and UPSs are by asset.
 */
export const fleet = (): DashboardBuilder =>
  new DashboardBuilder('An Sáng – Toàn cảnh · Fleet')
    .uid('ansang-fleet')
    .description('Camera, điện và đèn của một địa bàn. Cameras, power and lights of an area.')
    .tags(['ansang'])
    .timezone('browser')
    .refresh('1m')
    .time({ from: 'now-24h', to: 'now' })
    .link(
      new DashboardLinkBuilder('An Sáng')
        .type(DashboardLinkType.Link)
        .url('$hub')
        .tooltip('Console')
        .targetBlank(true),
    )
    .withVariable(new DatasourceVariableBuilder('ds').label('Nguồn').type('influxdb'))
    .withVariable(area)
    .withVariable(asset)
    .withVariable(
      new TextBoxVariableBuilder('hub').label('Địa chỉ hub').defaultValue('http://127.0.0.1:8080'),
    )
    .withRow(row('Bây giờ · Now'))
    .withPanel(cameraNumbers())
    .withPanel(circuitNumbers())
    .withPanel(alertNumbers())
    .withPanel(upsOnBattery())
    .withPanel(failingDisks())
    .withPanel(areaTable())
    .withRow(row('Camera · Cameras'))
    .withPanel(cameraHistory())
    .withPanel(cameraAvailability())
    .withPanel(recorderReach())
    .withPanel(alertHistory())
    .withRow(row('Ổ cứng và nguồn · Disks and power'))
    .withPanel(diskTable())
    .withPanel(upsCharge())
    .withRow(row('Đèn đường · Street lights'))
    .withPanel(circuitHistory())
    .withPanel(phasePower())
