import { Progress, Stack, Text } from '@mantine/core'
import type { AreaSummary } from '../../contract/api/operations.ts'
import { useSpeech } from '../words/language.tsx'

type Cameras = AreaSummary['cameras']

/** Counts of an area's cameras: what is not known and what nobody watches stand apart. */
export function split({ registered, monitored, online, unknown }: Cameras) {
  return {
    online,
    lost: Math.max(0, monitored - online - unknown),
    unknown,
    notMonitored: Math.max(0, registered - monitored),
  }
}

export function CameraBar({ cameras }: { cameras: Cameras }) {
  const { online, lost, unknown, notMonitored } = split(cameras)
  const whole = Math.max(1, cameras.registered)
  const sections = [
    { key: 'online', value: online, color: '#2b8a3e' },
    { key: 'lost', value: lost, color: '#c92a2a' },
    { key: 'unknown', value: unknown, color: '#868e96' },
    { key: 'notMonitored', value: notMonitored, color: '#dee2e6' },
  ]
  return (
    <Progress.Root size="md" aria-hidden>
      {sections
        .filter((section) => section.value > 0)
        .map(({ key, value, color }) => (
          <Progress.Section key={key} value={(value / whole) * 100} color={color} aria-hidden />
        ))}
    </Progress.Root>
  )
}

/** "2.140 đang kết nối trên 2.200 mắt có giám sát": a count never stands without its base. */
export function CameraCount({ cameras }: { cameras: Cameras }) {
  const { words, format } = useSpeech()
  const { online, lost, unknown, notMonitored } = split(cameras)
  const text = words.overview
  if (cameras.registered === 0) return <Text className="dim">{text.noCameras}</Text>
  return (
    <Stack gap={6}>
      <div>
        <span className="figure-number">{format.count(online)}</span> {text.online}{' '}
        {text.ofMonitored(format.count(cameras.monitored))}
      </div>
      <CameraBar cameras={cameras} />
      <Text size="sm">
        {lost > 0 && (
          <Text span c="var(--ink-fault)" fw={600}>
            {text.lost} {format.count(lost)} ·{' '}
          </Text>
        )}
        {unknown > 0 && (
          <Text span className="dim">
            {text.unknown} {format.count(unknown)} ·{' '}
          </Text>
        )}
        {notMonitored > 0 && (
          <Text span className="dim">
            {text.notMonitored} {format.count(notMonitored)} ·{' '}
          </Text>
        )}
        {text.registered(format.count(cameras.registered))}
      </Text>
    </Stack>
  )
}
