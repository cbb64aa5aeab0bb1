import { Card, Skeleton, Text } from '@mantine/core'
import { useInViewport } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { z } from 'zod'
import type { SeriesAnswer } from '../../contract/api/operations.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { serverNow } from '../api/server-time.ts'
import { Failed } from '../parts/loaded.tsx'
import { isState, valueText } from '../values.ts'
import { useSpeech } from '../words/language.tsx'
import { partName, valueWords } from '../words/look-up.ts'
import { type ChartDefinition, type RangeName, ranges } from './definitions.ts'
import { extremes, type Lines, toLines } from './lines.ts'
import { Plot } from './plot.tsx'

type Read = Lines & { span: { from: number; to: number } }

async function readLines(id: string, chart: ChartDefinition, rangeName: RangeName): Promise<Read> {
  const { spanMs, everyMs } = ranges[rangeName]
  const to = serverNow()
  const from = everyMs ? Math.ceil((to - spanMs) / everyMs) * everyMs : to - spanMs
  const answer = await api.get<z.infer<typeof SeriesAnswer>>(
    `/api/v1/assets/${encodeURIComponent(id)}/series`,
    {
      measurement: chart.measurement,
      fields: chart.fields.join(','),
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...(everyMs ? { everyMs, aggregate: chart.aggregate } : {}),
    },
  )
  return { ...toLines(answer.rows, chart.fields, { from, to, everyMs }), span: { from, to } }
}

/** How a point came about: said below the chart, so that nobody takes a mean for a moment. */
function usePointText(chart: ChartDefinition, rangeName: RangeName): string {
  const { words } = useSpeech()
  const { every } = ranges[rangeName]
  if (every === undefined) return words.charts.raw
  const span = words.time.each[every]
  if (chart.aggregate === 'mean') return words.charts.mean(span)
  return chart.aggregate === 'last' ? words.charts.last(span) : words.charts.worst(span)
}

function Drawn({
  chart,
  read,
  rangeName,
}: {
  chart: ChartDefinition
  read: Read
  rangeName: RangeName
}) {
  const { words, format } = useSpeech()
  const { measurement } = chart
  const pointText = usePointText(chart, rangeName)
  const plot = useMemo(() => {
    const textOf = (field: string) => (value: number) =>
      valueText({ words, format }, { measurement, field }, value)
    const isShort = rangeName === 'h6' || rangeName === 'h24'
    return {
      at: read.at,
      span: read.span,
      range: chart.range,
      timeLabel: words.when,
      timeText: (at: number) => format.instant(at),
      axisText: (at: number) => (isShort ? format.clock(at) : format.dayMonth(at)),
      valueText: textOf(chart.fields[0] ?? ''),
      lines: read.lines.map((line) => {
        const label = valueWords(words, measurement, line.field).label
        return {
          label: line.part ? `${partName(words, line.part)} – ${label}` : label,
          values: line.values,
          step: isState(measurement, line.field),
          text: textOf(line.field),
        }
      }),
    }
  }, [read, chart, words, format, measurement, rangeName])
  if (read.lines.length === 0) return <Text className="dim">{words.charts.noData}</Text>
  return (
    <>
      <Plot {...plot} />
      <Text size="sm" component="figcaption">
        {plot.lines.map((line) => {
          const found = line.step ? undefined : extremes(line.values)
          if (!found) return null
          return (
            <span key={line.label} style={{ display: 'block' }}>
              {line.label}: {words.charts.lowest} {line.text(found.lowest)}, {words.charts.highest}{' '}
              {line.text(found.highest)}, {words.charts.latest} {line.text(found.latest)}
            </span>
          )
        })}
        <span className="dim">
          {pointText} {words.charts.gaps}
        </span>
      </Text>
    </>
  )
}

/** One chart of a device, read when it first comes into sight. */
export function Chart(props: { id: string; chart: ChartDefinition; rangeName: RangeName }) {
  const { id, chart, rangeName } = props
  const { words } = useSpeech()
  const { ref, inViewport } = useInViewport<HTMLElement>()
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    if (inViewport) setSeen(true)
  }, [inViewport])
  const read = useQuery({
    queryKey: [...keys.series(id), chart.name, rangeName],
    queryFn: () => readLines(id, chart, rangeName),
    enabled: seen,
    refetchInterval: inViewport ? 120_000 : false,
    staleTime: 60_000,
  })
  return (
    <Card component="figure" m={0} ref={ref as never} aria-label={words.charts.titles[chart.name]}>
      <Text fw={650} mb={6}>
        {words.charts.titles[chart.name]}
      </Text>
      {read.data && <Drawn chart={chart} read={read.data} rangeName={rangeName} />}
      {!read.data && read.error && <Failed error={read.error} retry={read.refetch} />}
      {!read.data && !read.error && <Skeleton height={190} aria-label={words.loading} />}
    </Card>
  )
}
