import { Card, Group, Text } from '@mantine/core'
import type { AssetDetail } from '../../contract/api/register.ts'
import { ToneBadge } from '../parts/badges.tsx'
import { Facts } from '../parts/facts.tsx'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

const tone = { published: 'warn', received: 'ok', refused: 'fault', none: 'unknown' } as const

/** What the plan wants of this circuit now, why, and what comes next. */
export function LightingSection({ lighting }: { lighting: NonNullable<AssetDetail['lighting']> }) {
  const { words, format } = useSpeech()
  const text = words.deviceLighting
  const level = (percent: number) => (percent === 0 ? text.off : format.percent(percent))
  return (
    <Section title={text.title}>
      <Card>
        <Group gap="sm" mb="xs">
          <span className="figure-number">{level(lighting.level)}</span>
          <ToneBadge tone={tone[lighting.running]}>{text.running[lighting.running]}</ToneBadge>
        </Group>
        {lighting.reason !== null && <Text c="var(--ink-fault)">{lighting.reason}</Text>}
        <Facts
          items={[
            [text.program, lighting.ruleId === null ? text.failSafe : lighting.program],
            [
              text.next,
              lighting.next.length === 0
                ? text.noNext
                : lighting.next.map(({ at, level: then }) => (
                    <div key={at}>
                      <time dateTime={at}>{format.instant(at)}</time>: {level(then)}
                    </div>
                  )),
            ],
          ]}
        />
      </Card>
    </Section>
  )
}
