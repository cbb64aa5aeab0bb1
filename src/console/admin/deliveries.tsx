import { Anchor, Group, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { z } from 'zod'
import type { Delivery } from '../../contract/api/operations.ts'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { ToneBadge } from '../parts/badges.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { Age } from '../parts/moment.tsx'
import { More } from '../parts/more.tsx'
import { useSpeech } from '../words/language.tsx'

type Sent = z.infer<typeof Delivery>

const tone = { waiting: 'low', sent: 'ok', failed: 'fault', skipped: 'unknown' } as const

/** What was told to whom, and what did not arrive. */
export function Deliveries({ targetName }: { targetName: (id: string) => string }) {
  const { words, format } = useSpeech()
  const text = words.notify
  const deliveries = usePages<Sent>([...keys.notify, 'deliveries'], '/api/v1/notify/deliveries')
  return (
    <Loaded query={deliveries}>
      {(items) =>
        items.length === 0 ? (
          <Empty text={text.noDeliveries} />
        ) : (
          <Stack gap="sm">
            <ul className="rows">
              {items.map((one) => (
                <li key={one.id} className="row-link">
                  <div className="row-main">
                    <Text>
                      {targetName(one.targetId)} ·{' '}
                      <Anchor component={Link} to={`/alerts/${one.alertId}`} underline="always">
                        {text.seeAlert}
                      </Anchor>
                    </Text>
                    <Text size="sm" className="dim">
                      <Age at={one.createdAt} /> · {text.attempts(format.count(one.attempts))}
                      {one.lastError !== null && ` · ${one.lastError}`}
                    </Text>
                  </div>
                  <Group>
                    <ToneBadge tone={tone[one.state]}>{text.states[one.state]}</ToneBadge>
                  </Group>
                </li>
              ))}
            </ul>
            <More pages={deliveries} />
          </Stack>
        )
      }
    </Loaded>
  )
}
