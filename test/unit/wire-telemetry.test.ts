import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from '../../src/contract/wire/codec.ts'
import { examples } from '../../src/contract/wire/examples.ts'
import { Telemetry } from '../../src/contract/wire/messages.ts'
import { isPlainTelemetry } from '../../src/contract/wire/telemetry-check.ts'
import { mutate, mutation, telemetryBody } from '../support/arbitrary-wire.ts'

/** What the plain schema says about the same bytes. */
function reference(text: string) {
  const result = Telemetry.safeParse(JSON.parse(text))
  if (result.success) return { ok: true, body: result.data }
  const issue = result.error.issues[0]
  const reason = `${issue?.path.join('.') || 'body'}: ${issue?.message}`
  return { ok: false, reason: reason.slice(0, 300) }
}

const compare = (body: unknown) => {
  const text = JSON.stringify(body)
  expect(decode('telemetry', Buffer.from(text))).toStrictEqual(reference(text))
}

describe('the quick way agrees with the schema', () => {
  test('on every valid body', () => {
    fc.assert(fc.property(telemetryBody, compare), { numRuns: 200 })
  })

  test('on bodies with one to three changes', () => {
    const changes = fc.array(mutation, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(telemetryBody, changes, (body, steps) => compare(steps.reduce(mutate, body))),
      { numRuns: 600 },
    )
  })

  const at = (length: number) => 'a'.repeat(length)
  const sampleWith = (extra: object) => ({
    ...examples.telemetry,
    samples: [{ unit: 'nvr1', kind: 'recorder', parts: { '': { cpu: 1 } }, ...extra }],
  })
  const samples = (count: number) => ({
    ...examples.telemetry,
    samples: Array(count).fill(examples.telemetry.samples[0]),
  })

  test.each([
    ['500 samples', samples(500), true],
    ['501 samples', samples(501), false],
    ['no sample', samples(0), false],
    ['name of 32', sampleWith({ parts: { '': { [at(32)]: 1 } } }), true],
    ['name of 33', sampleWith({ parts: { '': { [at(33)]: 1 } } }), false],
    ['unit of 32', sampleWith({ unit: at(32) }), true],
    ['unit of 33', sampleWith({ unit: at(33) }), false],
    ['reason key of 64', sampleWith({ reasons: { [at(64)]: 'x' } }), true],
    ['reason key of 65', sampleWith({ reasons: { [at(65)]: 'x' } }), false],
    ['reason of 120', sampleWith({ reasons: { x: at(120) } }), true],
    ['reason of 121', sampleWith({ reasons: { x: at(121) } }), false],
    ['largest n', { ...examples.telemetry, id: ['0a1b2c3d4e5f', 2 ** 53 - 1] }, true],
    ['n beyond', { ...examples.telemetry, id: ['0a1b2c3d4e5f', 2 ** 53] }, false],
    ['n of 0', { ...examples.telemetry, id: ['0a1b2c3d4e5f', 0] }, false],
    ['id of three', { ...examples.telemetry, id: ['0a1b2c3d4e5f', 1, 1] }, false],
    ['mono below zero', { ...examples.telemetry, mono: -1 }, false],
    ['a line break after a unit', sampleWith({ unit: 'nvr1\n' }), false],
    ['values in an array', sampleWith({ parts: { '': [1] } }), false],
    ['parts in an array', sampleWith({ parts: [{}] }), false],
  ])('at the edge: %s', (_, body, ok) => {
    expect(decode('telemetry', Buffer.from(JSON.stringify(body))).ok).toBe(ok)
    compare(body)
  })

  test('an infinite number is refused', () => {
    const text = JSON.stringify(sampleWith({ parts: { '': { cpu: 7 } } })).replace(':7}', ':1e999}')
    expect(decode('telemetry', Buffer.from(text)).ok).toBe(false)
    expect(reference(text).ok).toBe(false)
  })

  const evils = ['"__proto__":{"polluted":1}', '"__proto__":1', '"__proto__":"x"']
  const places = ['{"id"', '{"unit"', '{"":', '{"cpu"', '{"why"']

  test.each(evils.flatMap((evil) => places.map((place) => [evil, place] as const)))(
    'an own %s before %s pollutes nothing and is dropped or refused',
    (evil, place) => {
      const clean = JSON.stringify(sampleWith({ reasons: { why: 'x' } }))
      const text = clean.replace(place, `{${evil},${place.slice(1)}`)
      expect(text).toContain(evil)
      const decoded = decode('telemetry', Buffer.from(text))
      expect(decoded).toStrictEqual(reference(text))
      expect(JSON.stringify(decoded)).not.toContain('__proto__":')
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    },
  )

  const instants = [
    '2026-11-24',
    '2026-11-24T18:45:00',
    '2026-02-30T00:00:00Z',
    '2026-11-24T24:00:00Z',
    '2026-11-24T18:45+07:00',
    '2026-11-24t18:45:00z',
    ' 2026-11-24T18:45:00Z',
    '2026-11-24T18:45:00Z\n',
    '2024-02-29T18:45:00-12:00',
    '2023-02-29T18:45:00Z',
    'now',
    '',
  ]

  test.each(instants)('on the instant %j, of the record and of a sample', (at) => {
    compare({ ...examples.telemetry, at })
    compare(sampleWith({ at }))
  })
})

describe('the quick way is taken', () => {
  test('by ordinary messages', () => {
    expect(isPlainTelemetry(structuredClone(examples.telemetry))).toBe(true)
    fc.assert(
      fc.property(telemetryBody, (body) => {
        const plain = !JSON.stringify(body).includes('"bounds"')
        expect(isPlainTelemetry(body)).toBe(plain)
      }),
    )
  })

  test('by messages of a newer agent, whose fields are left out', () => {
    const newer = { ...examples.telemetry, colour: 'red', samples: [{ ...sampleOf(), next: 1 }] }
    expect(isPlainTelemetry(newer)).toBe(true)
    expect(newer).toStrictEqual({ ...examples.telemetry, samples: [sampleOf()] })
  })
})

const sampleOf = () => ({ unit: 'nvr1', kind: 'recorder', parts: {} })
