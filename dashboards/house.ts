import * as common from '@grafana/grafana-foundation-sdk/common'
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

/** Defaults of every panel of ours: a title in Vietnamese, what it means in both languages. */
export type About = { title: string; description: string; span: number; height?: number }

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable
export const dataSource = { type: 'influxdb', uid: '${ds}' }

/** The hub writes area figures each five minutes; shorter slices would be holes. */
const sliceAtLeast = '5m'

export const row = (title: string): RowBuilder => new RowBuilder(title)

/** Green below every step, then the colour of the highest step reached. */
export function steps(base: string, ...above: [value: number, color: string][]) {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...above.map(([value, color]) => ({ value, color }))])
}

export const numbers = ({ title, description, span, height = 4 }: About): stat.PanelBuilder =>
  new stat.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(dataSource)
    .span(span)
    .height(height)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(common.BigValueTextMode.ValueAndName)
    .noValue('—')
    .thresholds(steps('text'))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))

export const lines = ({ title, description, span, height = 8 }: About): timeseries.PanelBuilder =>
  new timeseries.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(dataSource)
    .span(span)
    .height(height)
    .interval(sliceAtLeast)
    .lineWidth(2)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(3_600_000)
    .min(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(TooltipDisplayMode.Multi)
        .sort(SortOrder.Descending),
    )

export const list = ({ title, description, span, height = 8 }: About): table.PanelBuilder =>
  new table.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(dataSource)
    .span(span)
    .height(height)
