import { Card, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { z } from 'zod'
import type { SlaCompliance } from '../../contract/api/operations.ts'
import { useSpeech } from '../words/language.tsx'

type Compliance = z.infer<typeof SlaCompliance>
type Counted = Compliance['response']

/** A percentage with what it is a percentage of; never alone. */
function Share({ counted }: { counted: Counted }) {
  const { words, format } = useSpeech()
  const text = words.sla
  return (
    <div>
      {counted.percent === null ? (
        <span className="dim">{text.undecided}</span>
      ) : (
        <>
          <b>{format.percent(counted.percent)}</b>{' '}
          <span className="dim">
            {text.percentOf(format.count(counted.met + counted.breached))}
          </span>
        </>
      )}
      <Text size="sm">
        {format.count(counted.met)} {text.met} ·{' '}
        <Text span inherit {...(counted.breached > 0 ? { c: 'var(--ink-fault)', fw: 600 } : {})}>
          {format.count(counted.breached)} {text.breached}
        </Text>{' '}
        · {format.count(counted.running)} {text.running}
      </Text>
    </div>
  )
}

function Base({ area }: { area: Compliance }) {
  const { words, format } = useSpeech()
  return (
    <Text size="sm" className="dim">
      {words.sla.alerts(format.count(area.alerts))} ·{' '}
      {words.sla.base(format.count(area.assetsMonitored), format.count(area.assetsRegistered))}
    </Text>
  )
}

function Cards({ areas }: { areas: readonly Compliance[] }) {
  const { words } = useSpeech()
  return (
    <Stack gap="sm">
      {areas.map((area) => (
        <Card key={area.areaId} padding="sm">
          <Text fw={650}>{area.areaName}</Text>
          <Base area={area} />
          <SimpleGrid cols={1} spacing={6} mt={6}>
            <div>
              <Text size="sm">{words.sla.response}</Text>
              <Share counted={area.response} />
            </div>
            <div>
              <Text size="sm">{words.sla.resolution}</Text>
              <Share counted={area.resolution} />
            </div>
          </SimpleGrid>
        </Card>
      ))}
    </Stack>
  )
}

/** Compliance of each area in a month. */
export function ComplianceList({ areas }: { areas: readonly Compliance[] }) {
  const { words } = useSpeech()
  const isWide = useMediaQuery('(min-width: 62em)', true, { getInitialValueInEffect: false })
  if (!isWide) return <Cards areas={areas} />
  return (
    <Table bg="white" withTableBorder verticalSpacing="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{words.area}</Table.Th>
          <Table.Th>{words.sla.response}</Table.Th>
          <Table.Th>{words.sla.resolution}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {areas.map((area) => (
          <Table.Tr key={area.areaId}>
            <Table.Td>
              <Text fw={600}>{area.areaName}</Text>
              <Base area={area} />
            </Table.Td>
            <Table.Td>
              <Share counted={area.response} />
            </Table.Td>
            <Table.Td>
              <Share counted={area.resolution} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
