import { Anchor, Button, Card, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import type { LightingProgram } from '../../contract/api/operations.ts'
import type { Area } from '../../contract/api/register.ts'
import { api, isProblem } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useAreas, usePrograms } from '../api/queries.ts'
import { useMay } from '../api/session.tsx'
import { Preview } from '../lighting/preview.tsx'
import { type Draft, isComplete, newDraft, toDraft, toWeekly } from '../lighting/program.ts'
import { ProgramEditor } from '../lighting/program-editor.tsx'
import { PublishBar } from '../lighting/publish.tsx'
import { RolloutSection } from '../lighting/rollout.tsx'
import { pathTo } from '../parts/area-tree.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { NotFoundPage } from './not-found.tsx'

/** The area's own program; null when it has none. */
const useProgram = (areaId: string) =>
  useQuery({
    queryKey: [...keys.lighting, 'program', areaId],
    queryFn: async () => {
      try {
        const path = `/api/v1/areas/${encodeURIComponent(areaId)}/lighting`
        return await api.get<LightingProgram>(path)
      } catch (error) {
        if (isProblem(error, 'lighting.not-found')) return null
        throw error
      }
    },
  })

function Inherited({ area, onMake }: { area: Area; onMake: (draft: Draft) => void }) {
  const { words } = useSpeech()
  const may = useMay()
  const areas = useAreas()
  const programs = usePrograms()
  const text = words.lighting
  const above = pathTo(areas.data ?? [], area.id)
    .slice(0, -1)
    .reverse()
  const giver = above
    .map((one) => ({ one, program: programs.data?.find((found) => found.areaId === one.id) }))
    .find(({ program }) => program !== undefined)
  return (
    <Card>
      <Stack align="flex-start" gap="xs">
        <Text fw={600}>{text.noOwn}</Text>
        <Text>
          {giver?.program ? text.inherits(giver.program.name, giver.one.name) : text.inheritsNone}
        </Text>
        {giver && (
          <Anchor component={Link} to={`/lighting/${giver.one.id}`} underline="always">
            {giver.one.name}
          </Anchor>
        )}
        {may('lighting:write') && (
          <Button
            onClick={() =>
              onMake(
                giver?.program
                  ? toDraft({ ...giver.program, name: area.name })
                  : newDraft(area.name),
              )
            }
          >
            {text.makeOwn}
          </Button>
        )}
      </Stack>
    </Card>
  )
}

function Program({ area, program }: { area: Area; program: LightingProgram | null }) {
  const { words, format } = useSpeech()
  const may = useMay()
  const [change, setChange] = useState<{ draft: Draft; version: number }>()
  const [asPublished, setAsPublished] = useState(() => program && toDraft(program))
  const [shownVersion, setShownVersion] = useState(program?.version)
  // A newer version came while nothing is being edited: show it.
  if (program && program.version !== shownVersion) {
    setShownVersion(program.version)
    setAsPublished(toDraft(program))
  }
  const text = words.lighting
  const draft = change?.draft ?? asPublished
  const version = change?.version ?? program?.version ?? 0
  const editable = may('lighting:write')
  return (
    <>
      {program && (
        <Text>
          {text.version(format.count(program.version))} ·{' '}
          {program.updatedBy !== null && `${text.publishedBy(program.updatedBy)} · `}
          <Moment at={program.updatedAt} />
        </Text>
      )}
      {!program && !change && (
        <Inherited area={area} onMake={(made) => setChange({ draft: made, version: 0 })} />
      )}
      <RolloutSection areaId={area.id} />
      {draft && (
        <Section title={text.weekly}>
          {!editable && <Text className="dim">{text.readOnly}</Text>}
          <ProgramEditor
            draft={draft}
            disabled={!editable}
            onChange={(next) => setChange({ draft: next, version })}
          />
        </Section>
      )}
      {draft && isComplete(draft) && <Preview weekly={toWeekly(draft.rows)} />}
      {change && (
        <PublishBar
          area={area}
          draft={change.draft}
          version={change.version}
          onDiscard={() => setChange(undefined)}
          onPublished={() => setChange(undefined)}
          onRebase={(newer) => setChange({ ...change, version: newer })}
        />
      )}
    </>
  )
}

/** The hours of one area: what is published, what runs, and the editor. */
export function LightingAreaPage() {
  const { id = '' } = useParams()
  const { words } = useSpeech()
  const areas = useAreas()
  const program = useProgram(id)
  const area = areas.data?.find((one) => one.id === id)
  if (areas.data && !area) return <NotFoundPage />
  return (
    <Page
      title={area ? `${words.lighting.title}: ${area.name}` : words.lighting.title}
      above={
        <Anchor component={Link} to="/lighting">
          ← {words.lighting.title}
        </Anchor>
      }
    >
      <Loaded query={program}>
        {(found) => (area ? <Program key={area.id} area={area} program={found} /> : null)}
      </Loaded>
    </Page>
  )
}
