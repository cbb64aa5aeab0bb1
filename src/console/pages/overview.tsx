import { Anchor, Breadcrumbs, Button, Card, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Link, useParams } from 'react-router'
import type { AreaSummary } from '../../contract/api/operations.ts'
import { withQuery } from '../api/client.ts'
import { useSummary } from '../api/queries.ts'
import { AlertCount } from '../parts/alert-count.tsx'
import { AreaTable } from '../parts/area-table.tsx'
import { inTreeOrder, pathTo } from '../parts/area-tree.ts'
import { CameraCount } from '../parts/camera-count.tsx'
import { CircuitCount } from '../parts/circuit-count.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { NotFoundPage } from './not-found.tsx'

type Node = AreaSummary & { id: string }

function AreaCards({ area }: { area: AreaSummary }) {
  const { words } = useSpeech()
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
      <Card component="section" aria-label={words.overview.alertsTitle}>
        <Text fw={650} mb={4}>
          {words.overview.alertsTitle}
        </Text>
        <AlertCount area={area} linked />
      </Card>
      <Card component="section" aria-label={words.overview.camerasTitle}>
        <Text fw={650} mb={4}>
          {words.overview.camerasTitle}
        </Text>
        <CameraCount cameras={area.cameras} />
      </Card>
      <Card component="section" aria-label={words.overview.lightingTitle}>
        <Text fw={650} mb={4}>
          {words.overview.lightingTitle}
        </Text>
        <CircuitCount cabinets={area.cabinets} />
      </Card>
    </SimpleGrid>
  )
}

/** On a phone: one card per area, the same figures as in the table. */
function AreaList({ areas }: { areas: readonly AreaSummary[] }) {
  return (
    <Stack gap="sm">
      {areas.map((area) => (
        <Card
          key={area.areaId}
          component={Link}
          to={`/areas/${area.areaId}`}
          style={{ color: 'inherit', textDecoration: 'none' }}
        >
          <Stack gap={8}>
            <Text fw={650}>{area.name}</Text>
            <AlertCount area={area} />
            <CameraCount cameras={area.cameras} />
            {area.cabinets.registered > 0 && <CircuitCount cabinets={area.cabinets} />}
          </Stack>
        </Card>
      ))}
    </Stack>
  )
}

function Areas({ nodes, here }: { nodes: readonly Node[]; here: Node | undefined }) {
  const { words } = useSpeech()
  const isWide = useMediaQuery('(min-width: 62em)', true, { getInitialValueInEffect: false })
  const known = new Set(nodes.map((node) => node.id))
  const shown = inTreeOrder(nodes)
    .map(({ area }) => area)
    .filter((area) =>
      here ? area.parentId === here.id : area.parentId === null || !known.has(area.parentId),
    )
  if (shown.length === 0) return null
  return (
    <Section title={words.overview.areasTitle}>
      {isWide ? <AreaTable areas={shown} /> : <AreaList areas={shown} />}
    </Section>
  )
}

function Overview({ areas, id }: { areas: readonly AreaSummary[]; id: string | undefined }) {
  const { words } = useSpeech()
  const nodes = areas.map((area) => ({ ...area, id: area.areaId }))
  const known = new Set(nodes.map((node) => node.id))
  const tops = nodes.filter((node) => node.parentId === null || !known.has(node.parentId))
  const here =
    id === undefined
      ? tops.length === 1
        ? tops[0]
        : undefined
      : nodes.find((node) => node.id === id)
  if (id !== undefined && !here) return <NotFoundPage />
  const path = here ? pathTo(nodes, here.id) : []
  return (
    <Page
      title={here ? here.name : words.overview.title}
      above={
        path.length > 1 && (
          <Breadcrumbs aria-label={words.area}>
            {path.slice(0, -1).map((node) => (
              <Anchor key={node.id} component={Link} to={`/areas/${node.id}`} py={8}>
                {node.name}
              </Anchor>
            ))}
          </Breadcrumbs>
        )
      }
    >
      {areas.length === 0 && (
        <Empty text={words.overview.noAreas} hint={words.overview.noAreasHint} />
      )}
      {here && <AreaCards area={here} />}
      {here && (
        <Group gap="xs">
          <Button
            component={Link}
            to={withQuery('/devices', { areaId: here.id })}
            variant="default"
          >
            {words.overview.seeDevices}
          </Button>
          <Button component={Link} to={withQuery('/alerts', { areaId: here.id })} variant="default">
            {words.overview.seeAlerts}
          </Button>
        </Group>
      )}
      <Areas nodes={nodes} here={here} />
    </Page>
  )
}

/** What goes on in an area and below it; without an id, everything the user may see. */
export function OverviewPage() {
  const { id } = useParams()
  const summary = useSummary()
  return <Loaded query={summary}>{(areas) => <Overview areas={areas} id={id} />}</Loaded>
}
