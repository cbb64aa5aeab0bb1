import { channelNames, channels } from '../../../src/contract/wire/channels.ts'
import { maxPayloadBytes } from '../../../src/contract/wire/codec.ts'
import { wireVersion } from '../../../src/contract/wire/common.ts'
import { areaStats, measures } from '../../../src/contract/wire/measures.ts'
import { generatedNote, table } from './markdown.ts'

const intro = `# The wire

${generatedNote}

Agents talk to the hub over MQTT 3.1.1 (TCP, TLS, or WebSocket at \`/mqtt\` of the HTTP port). An
agent reaches its own topics only. A message is UTF-8 JSON of at most ${maxPayloadBytes / 1024} KB; receivers ignore
unknown fields. An upward message is acknowledged (PUBACK) once it is durable at the hub. Nothing
is retained, and sessions are clean: what an absent agent must know is desired state, sent again
when it is born. The schemas are in [generated/asyncapi.json](generated/asyncapi.json).`

const measuresIntro = `## Measurements

What the parts of a unit may report. Every value is stored as a float under the tags \`asset\` and
\`part\`; a state is 0 or 1, so that its mean is availability and its minimum tells whether it was
ever off. \`null\` is "asked for and not known"; an absent name was not asked for.`

const areaIntro = `The hub itself writes \`area_stats\` (tag \`area\`) for every area and all above it,
each five minutes:`

function channelTable(): string {
  const rows = channelNames.map((name) => {
    const { direction, qos, about } = channels[name]
    return [
      `\`ansang/${wireVersion}/{agentId}/${name}\``,
      direction === 'up' ? 'agent → hub' : 'hub → agent',
      String(qos),
      about,
    ]
  })
  return table(['topic', 'direction', 'QoS', 'what'], rows)
}

function examplesOfEach(): string {
  const blocks = channelNames.map((name) => {
    const json = JSON.stringify(channels[name].example, undefined, 2)
    return [`### ${name}`, '', '```json', json, '```'].join('\n')
  })
  return ['## Examples', ...blocks].join('\n\n')
}

const fieldsOf = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, unit]) => `\`${name}\` (${unit})`)
    .join(', ')

function measureTable(): string {
  const rows = Object.entries(measures).map(([name, fields]) => [`\`${name}\``, fieldsOf(fields)])
  return table(['measurement', 'values'], rows)
}

/** docs/wire.md: topics, an example of each message, measurements. */
export function wirePage(): string {
  const area = `${areaIntro} ${fieldsOf(areaStats)}.`
  const sections = [intro, '## Topics', channelTable(), measuresIntro, measureTable(), area]
  return `${[...sections, examplesOfEach()].join('\n\n')}\n`
}
