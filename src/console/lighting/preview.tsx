import { Card, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { NightPreview } from '../../contract/api/operations.ts'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { type Night, nextDayOf, piecesOf, weekdayOf } from './night.ts'
import { NightBar, NightHours } from './night-bar.tsx'
import type { Weekly } from './program.ts'

function NightText({ night }: { night: Night }) {
  const { words, format } = useSpeech()
  const pieces = piecesOf(night)
  if (pieces.length === 0) return <>{words.lighting.previewOff}</>
  return (
    <>
      {pieces
        .map((piece) => {
          const level = piece.level === 100 ? '' : ` (${format.percent(piece.level)})`
          return `${format.clock(piece.from)}–${format.clock(piece.to)}${level}`
        })
        .join(', ')}{' '}
      · {words.lighting.previewLit(format.duration(night.minutesLit * 60_000))}
    </>
  )
}

function NightRow({ night }: { night: Night }) {
  const { words, format } = useSpeech()
  const [, month = '', day = ''] = night.date.split('-')
  const weekday = words.lighting.weekdays[weekdayOf(night.date)] ?? ''
  return (
    <div>
      <Text size="sm" fw={600}>
        {words.lighting.night(
          weekday,
          `${day}/${month}`,
          String(Number(day)),
          nextDayOf(night.date),
        )}
      </Text>
      <NightBar night={night} />
      <Text size="sm">
        <NightText night={night} />
        {night.sunset !== null && night.sunrise !== null && (
          <span className="dim">
            {' '}
            · {words.lighting.sunset} {format.clock(night.sunset)}, {words.lighting.sunrise}{' '}
            {format.clock(night.sunrise)}
          </span>
        )}
      </Text>
    </div>
  )
}

/** The next seven nights of these hours, computed by the hub with the rules the cabinets use. */
export function Preview({ weekly }: { weekly: Weekly }) {
  const { words } = useSpeech()
  const [settled] = useDebouncedValue(weekly, 500)
  const preview = useQuery({
    queryKey: [...keys.lighting, 'preview', settled],
    queryFn: () =>
      api.post<z.infer<typeof NightPreview>>('/api/v1/lighting/preview', { weekly: settled }),
    placeholderData: (before) => before,
  })
  return (
    <Section title={words.lighting.preview}>
      <Card>
        <Loaded query={preview}>
          {({ nights }) => (
            <Stack gap="sm">
              <NightHours />
              {nights.map((night) => (
                <NightRow key={night.date} night={night} />
              ))}
            </Stack>
          )}
        </Loaded>
      </Card>
    </Section>
  )
}
