import { SegmentedControl, SimpleGrid } from '@mantine/core'
import { useState } from 'react'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { Chart } from './chart.tsx'
import { chartsOf, type RangeName } from './definitions.ts'

const rangeNames = ['h6', 'h24', 'd7', 'd30'] as const

/** The charts of a device over one span of time. */
export function Charts({ id, kind }: { id: string; kind: string }) {
  const { words } = useSpeech()
  const [rangeName, setRangeName] = useState<RangeName>('h24')
  const charts = chartsOf(kind)
  if (charts.length === 0) return null
  return (
    <Section
      title={words.device.chartsTitle}
      actions={
        <SegmentedControl
          aria-label={words.charts.range}
          value={rangeName}
          onChange={(value) => setRangeName(rangeNames.find((name) => name === value) ?? 'h24')}
          data={rangeNames.map((value) => ({ value, label: words.charts.ranges[value] }))}
        />
      }
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        {charts.map((chart) => (
          <Chart key={chart.name} id={id} chart={chart} rangeName={rangeName} />
        ))}
      </SimpleGrid>
    </Section>
  )
}
