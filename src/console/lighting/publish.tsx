import { Alert, Button, Card, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { LightingProgram } from '../../contract/api/operations.ts'
import { api, isProblem } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { useTell } from '../api/tell.tsx'
import { useNow } from '../api/use-now.ts'
import { Confirm } from '../parts/confirm.tsx'
import { useSpeech } from '../words/language.tsx'
import { type Draft, isComplete, toWeekly } from './program.ts'
import { useRollout } from './rollout.tsx'

const addressOf = (areaId: string) => `/api/v1/areas/${encodeURIComponent(areaId)}/lighting`

function Stale(props: { newer: LightingProgram; onTake: () => void; onKeep: () => void }) {
  const { words, format } = useSpeech()
  const now = useNow()
  const { newer } = props
  const text = words.lighting
  return (
    <Alert color="orange" title={text.staleTitle} role="alert">
      <Stack gap="xs">
        <Text>
          {text.staleText(
            format.count(newer.version),
            newer.updatedBy ?? words.unknown,
            format.age(newer.updatedAt, now),
          )}
        </Text>
        <Group gap="xs">
          <Button onClick={props.onTake}>{text.staleTake}</Button>
          <Button variant="default" onClick={props.onKeep}>
            {text.staleKeep}
          </Button>
        </Group>
      </Stack>
    </Alert>
  )
}

/**
 * Publishes a draft against the version it was made from. When somebody was quicker, both ways
 * out are the user's own choice.
 */
export function PublishBar(props: {
  area: { id: string; name: string }
  draft: Draft
  version: number
  onPublished: () => void
  onDiscard: () => void
  /** The draft is kept, now against this newer version. */
  onRebase: (version: number) => void
}) {
  const { words, format } = useSpeech()
  const client = useQueryClient()
  const tell = useTell()
  const { area, draft, version } = props
  const rollout = useRollout(area.id)
  const [asking, ask] = useDisclosure(false)
  const [newer, setNewer] = useState<LightingProgram>()
  const text = words.lighting

  const publish = async () => {
    try {
      const body = {
        name: draft.name.trim(),
        weekly: toWeekly(draft.rows),
        expectedVersion: version,
      }
      const done = await api.put<{ version: number }>(addressOf(area.id), body)
      tell.done(text.publishedToast(format.count(done.version)))
      props.onPublished()
      await client.invalidateQueries({ queryKey: keys.lighting })
    } catch (error) {
      if (!isProblem(error, 'resource.stale')) throw error
      setNewer(await api.get<LightingProgram>(addressOf(area.id)))
    }
  }

  return (
    <Card style={{ position: 'sticky', bottom: 70, zIndex: 5 }} shadow="md">
      <Stack gap="xs">
        {newer && (
          <Stale
            newer={newer}
            onTake={() => {
              setNewer(undefined)
              props.onDiscard()
              void client.invalidateQueries({ queryKey: keys.lighting })
            }}
            onKeep={() => {
              props.onRebase(newer.version)
              setNewer(undefined)
              tell.done(text.staleKept)
            }}
          />
        )}
        <Group justify="space-between" gap="xs">
          <Text fw={600}>{text.changed}</Text>
          <Group gap="xs">
            <Button variant="default" onClick={props.onDiscard}>
              {text.discard}
            </Button>
            <Button onClick={ask.open} disabled={!isComplete(draft) || newer !== undefined}>
              {text.publish}
            </Button>
          </Group>
        </Group>
      </Stack>
      <Confirm
        opened={asking}
        onClose={ask.close}
        title={text.publishTitle}
        text={text.publishText(rollout.data ? format.count(rollout.data.cabinets) : '…', area.name)}
        button={text.publish}
        run={publish}
      />
    </Card>
  )
}
