import { Card, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconHelpCircle } from '@tabler/icons-react'
import type { AssetDetail } from '../../contract/api/register.ts'
import { Empty } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Section } from '../parts/page.tsx'
import { isBad, valueText } from '../values.ts'
import { useSpeech } from '../words/language.tsx'
import { partName, reasonText, valueWords } from '../words/look-up.ts'

type Part = AssetDetail['parts'][number]

function Unknown({ part, field }: { part: Part; field: string }) {
  const { words } = useSpeech()
  const reason = part.reasons[field] ?? part.reasons['']
  return (
    <span className="dim">
      <IconHelpCircle aria-hidden size={15} style={{ verticalAlign: '-2px' }} /> {words.unknown}
      {reason !== undefined && ` (${reasonText(words, reason)})`}
    </span>
  )
}

function Value({ part, field, value }: { part: Part; field: string; value: number | null }) {
  const { words, format } = useSpeech()
  if (value === null) return <Unknown part={part} field={field} />
  const { measurement } = part
  const text = valueText({ words, format }, { measurement, field }, value)
  if (!isBad(measurement, field, value)) return <>{text}</>
  return (
    <Text span c="var(--ink-fault)" fw={650}>
      <IconAlertTriangle aria-hidden size={15} style={{ verticalAlign: '-2px' }} /> {text}
    </Text>
  )
}

function PartCard({ part }: { part: Part }) {
  const { words } = useSpeech()
  const whole = part.reasons['']
  const fields = Object.entries(part.values)
  return (
    <Card padding="sm">
      <Stack gap={6}>
        <Text fw={650}>{part.part ? partName(words, part.part) : words.device.whole}</Text>
        {fields.length === 0 && whole !== undefined && (
          <Text className="dim">
            {words.device.unknownBecause} {reasonText(words, whole)}
          </Text>
        )}
        <dl className="facts">
          {fields.map(([field, value]) => (
            <div key={field} style={{ display: 'contents' }}>
              <dt>{valueWords(words, part.measurement, field).label}</dt>
              <dd>
                <Value part={part} field={field} value={value} />
              </dd>
            </div>
          ))}
        </dl>
        <Text size="sm" className="dim">
          {words.device.reportedAt} <Moment at={part.at} />
        </Text>
      </Stack>
    </Card>
  )
}

/** What each part of the device last said, how old that is, and why something is not known. */
export function PartsSection({ device }: { device: AssetDetail }) {
  const { words } = useSpeech()
  return (
    <Section title={words.device.partsTitle}>
      {device.parts.length === 0 ? (
        <Card>
          <Empty
            text={words.device.noParts}
            hint={device.healthReason ? reasonText(words, device.healthReason) : undefined}
          />
        </Card>
      ) : (
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="sm">
          {device.parts.map((part) => (
            <PartCard key={`${part.measurement}/${part.part}`} part={part} />
          ))}
        </SimpleGrid>
      )}
    </Section>
  )
}
