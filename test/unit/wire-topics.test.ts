import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelNames, channels, isUp } from '../../src/contract/wire/channels.ts'
import {
  maySubscribe,
  parseTopic,
  publishRefusal,
  subscriptionsOf,
  topicOf,
} from '../../src/contract/wire/topics.ts'

const me = 'hv-p1-bridge'
const idLetters = [...'abcdefghijklmnopqrstuvwxyz0123456789-']
const agentId = fc
  .array(fc.constantFrom(...idLetters), { minLength: 3, maxLength: 48 })
  .map((letters) => letters.join(''))
  .filter((id) => !id.startsWith('-'))
const channel = fc.constantFrom(...channelNames)

const notTopics = [
  '',
  '/',
  'ansang',
  'ansang/1',
  'ansang/1/',
  `ansang/1/${me}`,
  `ansang/1/${me}/`,
  `ansang/1/${me}/telemetry/`,
  `ansang/1/${me}/telemetry/x`,
  `/ansang/1/${me}/telemetry`,
  `ansang/1//${me}/telemetry`,
  `ansang/01/${me}/telemetry`,
  `ansang/2/${me}/telemetry`,
  `ANSANG/1/${me}/telemetry`,
  `ansang/1/${me}/Telemetry`,
  `ansang/1/${me}/__proto__`,
  `ansang/1/${me}/constructor`,
  `ansang/1/${me}/toString`,
  'ansang/1/__proto__/telemetry',
  'ansang/1/constructor/',
  'ansang/1/+/telemetry',
  'ansang/1/#',
  `ansang/1/${me}/#`,
  `ansang/1/${me}/+`,
  '#',
  '+/+/+/+',
  '$SYS/x/new/clients',
  `$share/g/ansang/1/${me}/desired`,
  `ansang/1/${me}/desired\u0000`,
  `ansang/1/${me}\n/desired`,
  `ansang/1/${me}/desired\n`,
  'ansang/1/Ngã-tư/telemetry',
  `ansang/1/${me}\u200b/telemetry`,
  'ansang/1/-ab/telemetry',
  'ansang/1/ab/telemetry',
  `ansang/1/${'a'.repeat(49)}/telemetry`,
]

describe('parseTopic', () => {
  test('takes apart what topicOf made', () => {
    fc.assert(
      fc.property(agentId, channel, (id, name) => {
        expect(parseTopic(topicOf(id, name))).toEqual({ agentId: id, channel: name })
      }),
    )
  })

  test.each(notTopics)('%j is not a topic of ours', (topic) => {
    expect(parseTopic(topic)).toBeUndefined()
    expect(publishRefusal(me, topic)).toBeDefined()
    expect(maySubscribe(me, topic)).toBe(false)
  })

  test('what it accepts is exactly what topicOf makes', () => {
    const level = fc.oneof(
      agentId,
      channel,
      fc.string({ maxLength: 5 }),
      fc.constantFrom(
        '+',
        '#',
        '',
        '1',
        'ansang',
        '__proto__',
        '$SYS',
        'ngã-tư',
        '\u0000',
        '\ud800',
      ),
    )
    const anyTopic = fc.array(level, { maxLength: 6 }).map((levels) => levels.join('/'))
    const nearTopic = fc.tuple(level, level).map(([id, name]) => `ansang/1/${id}/${name}`)
    fc.assert(
      fc.property(fc.oneof(anyTopic, nearTopic), (topic) => {
        const parsed = parseTopic(topic)
        if (parsed) expect(topicOf(parsed.agentId, parsed.channel)).toBe(topic)
      }),
      { numRuns: 300 },
    )
  })
})

describe('an agent', () => {
  test('publishes to its own upward channels and nothing else', () => {
    fc.assert(
      fc.property(agentId, agentId, channel, (id, other, name) => {
        const allowed = publishRefusal(id, topicOf(other, name)) === undefined
        expect(allowed).toBe(id === other && isUp(name))
      }),
    )
  })

  test('subscribes to its own downward channels and nothing else', () => {
    fc.assert(
      fc.property(agentId, agentId, channel, (id, other, name) => {
        expect(maySubscribe(id, topicOf(other, name))).toBe(id === other && !isUp(name))
      }),
    )
  })

  test('may subscribe to what the table tells it to, at the QoS of the table', () => {
    const wanted = subscriptionsOf(me)
    expect(wanted.every(({ topic }) => maySubscribe(me, topic))).toBe(true)
    expect(wanted).toEqual(
      channelNames
        .filter((name) => channels[name].direction === 'down')
        .map((name) => ({ topic: `ansang/1/${me}/${name}`, qos: channels[name].qos })),
    )
  })

  test.each([
    ['ansang/2/hv-p1-bridge/telemetry', 'wire version not spoken here'],
    ['ansang/1/other-agent/telemetry', "another agent's topic"],
    [`ansang/1/${me}/desired`, 'for the hub to send'],
    ['somewhere/else', 'no such topic'],
  ])('publishing to %s is refused: %s', (topic, reason) => {
    expect(publishRefusal(me, topic)).toContain(reason)
  })

  test('one id being the start of another opens nothing', () => {
    expect(publishRefusal('abc', topicOf('abcd', 'telemetry'))).toBe("another agent's topic")
    expect(publishRefusal('abcd', topicOf('abc', 'telemetry'))).toBe("another agent's topic")
  })
})
