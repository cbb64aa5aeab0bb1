import { Alert, Card, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { LightingRollout } from '../../contract/api/operations.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

type Rollout = z.infer<typeof LightingRollout>

export const useRollout = (areaId: string) =>
  useQuery({
    queryKey: [...keys.lighting, 'rollout', areaId],
    queryFn: () => api.get<Rollout>(`/api/v1/areas/${encodeURIComponent(areaId)}/lighting/rollout`),
    // Cabinets answer within seconds; while some have not, look often.
    refetchInterval: (query) => ((query.state.data?.waiting ?? 0) > 0 ? 5_000 : 60_000),
  })

function Figures({ rollout }: { rollout: Rollout }) {
  const { words, format } = useSpeech()
  const text = words.lighting
  const figures = [
    [text.published, rollout.published, undefined],
    [text.running, rollout.running, 'var(--ink-ok)'],
    [text.waiting, rollout.waiting, rollout.waiting > 0 ? 'var(--ink-warn)' : undefined],
    [
      text.refused,
      rollout.refused.length,
      rollout.refused.length > 0 ? 'var(--ink-fault)' : undefined,
    ],
  ] as const
  return (
    <Stack gap="xs">
      <Text>
        {text.rollout(format.count(rollout.published), format.count(rollout.running))}{' '}
        <span className="dim">{text.rolloutOf(format.count(rollout.cabinets))}</span>
      </Text>
      <Group gap="xl">
        {figures.map(([name, count, color]) => (
          <div key={name}>
            <div className="figure-number" style={color ? { color } : {}}>
              {format.count(count)}
            </div>
            <Text size="sm">{name}</Text>
          </div>
        ))}
      </Group>
      {rollout.refused.length > 0 && (
        <Alert color="red" title={text.refusedTitle}>
          <ul style={{ margin: 0, paddingInlineStart: 18 }}>
            {rollout.refused.map((one) => (
              <li key={`${one.agentId}/${one.unit}`}>
                <span className="mono">
                  {one.agentId} / {one.unit}
                </span>
                : {one.reason || words.unknown}
              </li>
            ))}
          </ul>
        </Alert>
      )}
    </Stack>
  )
}

/** How many cabinets have the newest hours, and which refused them. */
export function RolloutSection({ areaId }: { areaId: string }) {
  const { words } = useSpeech()
  const rollout = useRollout(areaId)
  return (
    <Section title={words.lighting.rolloutTitle}>
      <Card>
        <Loaded query={rollout}>
          {(found) =>
            found.cabinets === 0 ? (
              <Text className="dim">{words.lighting.rolloutNone}</Text>
            ) : (
              <Figures rollout={found} />
            )
          }
        </Loaded>
      </Card>
    </Section>
  )
}
