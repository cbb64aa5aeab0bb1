import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { zone } from '../format.ts'

export type PlotLine = {
  label: string
  values: readonly (number | null)[]
  /** States step; measured values slope. */
  step: boolean
  text: (value: number) => string
}

const colors = [
  '#0b7285',
  '#d9480f',
  '#5f3dc4',
  '#2b8a3e',
  '#a61e4d',
  '#495057',
  '#1864ab',
  '#e67700',
]
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]]
const height = 190

const stepped = uPlot.paths.stepped?.({ align: 1 })

const latestOf = (line: PlotLine) => line.values.findLast((value) => value !== null)

const legendText = (line: PlotLine, value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : line.text(value)

function seriesOf(line: PlotLine, index: number): uPlot.Series {
  return {
    label: line.label,
    stroke: colors[index % colors.length] ?? '#000',
    width: 2,
    dash: dashes[index % dashes.length] ?? [],
    spanGaps: false,
    points: { show: line.values.length < 40 },
    value: (_plot, value, _series, at) => legendText(line, at === null ? latestOf(line) : value),
    ...(line.step && stepped ? { paths: stepped } : {}),
  }
}

export type PlotProps = {
  at: readonly number[]
  lines: readonly PlotLine[]
  span: { from: number; to: number }
  range: readonly [number, number] | undefined
  timeText: (at: number) => string
  axisText: (at: number) => string
  valueText: (value: number) => string
  timeLabel: string
}

function optionsOf(props: PlotProps, width: number): uPlot.Options {
  const { span, range } = props
  const isState = props.lines.every((line) => line.step)
  return {
    width,
    height,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    scales: {
      x: { min: span.from / 1000, max: span.to / 1000 },
      y: range ? { range: [range[0], range[1]] } : {},
    },
    cursor: { drag: { x: false, y: false } },
    axes: [
      {
        values: (_plot, splits) => splits.map((at) => props.axisText(at * 1000)),
        space: 70,
      },
      {
        size: 74,
        values: (_plot, splits) => splits.map((value) => props.valueText(value)),
        ...(isState ? { splits: () => [0, 1] } : {}),
      },
    ],
    series: [
      {
        label: props.timeLabel,
        // While nothing is pointed at, the legend tells the latest values.
        value: (_plot, at) => {
          const shown = at === null || at === undefined ? props.at.at(-1) : at * 1000
          return shown === undefined ? '–' : props.timeText(shown)
        },
      },
      ...props.lines.map(seriesOf),
    ],
  }
}

/** A uPlot chart as wide as its place. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const target = place.current
    if (!target) return undefined
    const data: uPlot.AlignedData = [
      props.at.map((at) => at / 1000),
      ...props.lines.map((line) => [...line.values]),
    ]
    const plot = new uPlot(optionsOf(props, target.clientWidth), data, target)
    const observer = new ResizeObserver(() => {
      plot.setSize({ width: target.clientWidth, height })
    })
    observer.observe(target)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [props])
  return <div ref={place} aria-hidden style={{ minHeight: height, width: '100%' }} />
}
