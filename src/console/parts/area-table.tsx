import { Anchor, Table, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { AreaSummary } from '../../contract/api/operations.ts'
import { useSpeech } from '../words/language.tsx'
import { AlertCount } from './alert-count.tsx'
import { CameraBar, split } from './camera-count.tsx'

function CameraCells({ cameras }: { cameras: AreaSummary['cameras'] }) {
  const { format } = useSpeech()
  if (cameras.registered === 0) {
    return (
      <>
        <Table.Td className="dim">–</Table.Td>
        <Table.Td className="dim">–</Table.Td>
      </>
    )
  }
  const { lost, unknown, notMonitored } = split(cameras)
  return (
    <>
      <Table.Td miw={190}>
        <Text {...(lost > 0 ? { c: 'var(--ink-fault)', fw: 600 } : {})}>
          {format.count(cameras.online)} / {format.count(cameras.monitored)} /{' '}
          {format.count(cameras.registered)}
        </Text>
        <CameraBar cameras={cameras} />
      </Table.Td>
      <Table.Td className="dim">{format.count(unknown + notMonitored)}</Table.Td>
    </>
  )
}

function CircuitCell({ cabinets }: { cabinets: AreaSummary['cabinets'] }) {
  const { format } = useSpeech()
  if (cabinets.registered === 0) return <Table.Td className="dim">–</Table.Td>
  const isBad = cabinets.dark + cabinets.dayBurning > 0
  return (
    <Table.Td>
      <Text {...(isBad ? { c: 'var(--ink-fault)', fw: 600 } : {})}>
        {format.count(cabinets.lit)} / {format.count(cabinets.dark)} /{' '}
        {format.count(cabinets.dayBurning)}
      </Text>
    </Table.Td>
  )
}

/** The areas below one another's parent, for a wide screen. */
export function AreaTable({ areas }: { areas: readonly AreaSummary[] }) {
  const { words } = useSpeech()
  const { columns } = words.overview
  return (
    <div className="table-wrap">
      <Table bg="white" withTableBorder verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{columns.area}</Table.Th>
            <Table.Th>{columns.alerts}</Table.Th>
            <Table.Th>{columns.cameras}</Table.Th>
            <Table.Th>{columns.unknown}</Table.Th>
            <Table.Th>{columns.circuits}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {areas.map((area) => (
            <Table.Tr key={area.areaId}>
              <Table.Td>
                <Anchor component={Link} to={`/areas/${area.areaId}`} fw={600}>
                  {area.name}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <AlertCount area={area} />
              </Table.Td>
              <CameraCells cameras={area.cameras} />
              <CircuitCell cabinets={area.cabinets} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
