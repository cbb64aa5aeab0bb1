import { Card, Text } from '@mantine/core'
import type { AssetDetail } from '../../contract/api/register.ts'
import { Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { partName } from '../words/look-up.ts'

/** Which agent watches the device, by which of its units. */
export function BindingsSection({ bindings }: { bindings: AssetDetail['bindings'] }) {
  const { words, format } = useSpeech()
  return (
    <Section title={words.device.bindingsTitle}>
      <Card>
        {bindings.length === 0 && <Text className="dim">{words.device.noBindings}</Text>}
        {bindings.map((binding) => (
          <Text key={`${binding.agentId}/${binding.unit}/${binding.part}`}>
            <span className="mono">{binding.agentId}</span> · {words.device.bindingUnit}{' '}
            <span className="mono">{binding.unit}</span>
            {binding.part && ` · ${partName(words, binding.part)}`} · {words.since}{' '}
            {format.instant(binding.from)}
          </Text>
        ))}
      </Card>
    </Section>
  )
}
