import { Card, Text } from '@mantine/core'
import type { AssetDetail } from '../../contract/api/register.ts'
import { useNow } from '../api/use-now.ts'
import { Facts } from '../parts/facts.tsx'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

function Warranty({ until }: { until: string }) {
  const { words, format } = useSpeech()
  const now = useNow()
  // Warranty ends with its last day in the province.
  const leftMs = Date.parse(`${until}T23:59:59+07:00`) - now
  return (
    <>
      {format.calendarDate(until)} (
      {leftMs < 0
        ? words.device.warrantyOver
        : words.device.warrantyLeft(format.count(Math.floor(leftMs / 86_400_000)))}
      )
    </>
  )
}

/** The device that is fitted; the warranty first, because of it somebody else pays. */
export function EquipmentSection({ equipment }: { equipment: AssetDetail['equipment'] }) {
  const { words, format } = useSpeech()
  const text = words.device
  return (
    <Section title={text.equipmentTitle}>
      <Card>
        {equipment === null ? (
          <Text className="dim">{text.noEquipment}</Text>
        ) : (
          <Facts
            items={[
              [
                text.warrantyUntil,
                equipment.warrantyUntil === null ? (
                  words.unknown
                ) : (
                  <Warranty key="warranty" until={equipment.warrantyUntil} />
                ),
              ],
              [text.model, equipment.model ?? words.unknown],
              [
                text.serial,
                <span key="serial" className="mono">
                  {equipment.serial}
                </span>,
              ],
              [text.supplier, equipment.supplier ?? words.unknown],
              [text.fittedAt, format.date(equipment.fittedAt)],
            ]}
          />
        )}
      </Card>
    </Section>
  )
}
