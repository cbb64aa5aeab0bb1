import fc from 'fast-check'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const nameOf = (first: string, rest: string, max: number) =>
  fc
    .tuple(
      fc.constantFrom(...first),
      fc.array(fc.constantFrom(...rest), { maxLength: max }).map((list) => list.join('')),
    )
    .map(([head, tail]) => head + tail)

const unit = nameOf(letters, `${letters}0123456789-`, 6)
const part = fc.oneof(
  fc.constant(''),
  fc.tuple(nameOf(letters, letters, 4), fc.nat(99)).map(([kind, n]) => `${kind}:${n}`),
)
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((list) => list.join(''))

const instant = fc.constantFrom(
  '2026-11-24T18:45:00.000+07:00',
  '2026-11-24T11:45:00Z',
  '2024-02-29T00:00:00.123456Z',
)
const value = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
)

const sample = fc.record(
  {
    at: instant,
    unit,
    kind: fc.constantFrom('recorder', 'ups', 'cabinet'),
    parts: fc.dictionary(part, fc.dictionary(fc.string({ maxLength: 32 }), value, { maxKeys: 5 }), {
      maxKeys: 5,
    }),
    reasons: fc.dictionary(fc.string({ maxLength: 64 }), fc.string({ maxLength: 120 }), {
      maxKeys: 3,
    }),
  },
  { requiredKeys: ['unit', 'kind', 'parts'] },
)

/** A telemetry body that is valid, as it comes out of JSON.parse. */
export const telemetryBody = fc
  .record(
    {
      id: fc.tuple(hex(12), fc.integer({ min: 1 })),
      lane: fc.constantFrom('live', 'backlog'),
      boot: hex(8),
      mono: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      at: instant,
      trust: fc.constantFrom('trusted', 'holdover', 'untrusted'),
      bounds: fc.tuple(instant, instant),
      samples: fc.array(sample, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['id', 'lane', 'boot', 'mono', 'at', 'trust', 'samples'] },
  )
  .map((body) => JSON.parse(JSON.stringify(body)) as unknown)

/** Values that stand on the edge of what some schema accepts. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    ...[null, '', 'x', 'ch:1', 'CH:1', 'ch:', ':1', '__proto__', 'constructor', 'a'.repeat(33)],
    ...['ch:1\n', 'ă:1', 'a'.repeat(65), 'a'.repeat(121), 0, 1, -1, 0.5, 2 ** 53, 1e308, [], {}],
    ...['2026-11-24', '2026-02-30T00:00:00Z', '2026-11-24T18:45:00', '2026-11-24T24:00:00Z', true],
    ...['2026-11-24T18:45+07:00', '2026-11-24T18:45:00.000+07:00', ['0a1b2c3d4e5f', 0], [1, 2, 3]],
  ),
)
const oddKey = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'extra', 'unit', 'kind', 'ch:1', ''),
  fc.constantFrom('a'.repeat(32), 'a'.repeat(33), 'a'.repeat(64), 'a'.repeat(65), 'bounds', 'at'),
)

type Step = { pick: number; action: 'replace' | 'remove' | 'add'; key: string; value: unknown }

/** One change somewhere inside a JSON value. */
export const mutation: fc.Arbitrary<Step> = fc.record({
  pick: fc.nat(),
  action: fc.constantFrom('replace', 'remove', 'add'),
  key: oddKey,
  value: oddValue,
})

type Container = Record<string, unknown>

/** Every object and array inside, outermost first. */
function containersIn(value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Container, ...Object.values(value).flatMap(containersIn)]
}

/** The changed copy; own `__proto__` keys stay own keys, as JSON.parse makes them. */
export function mutate(body: unknown, { pick, action, key, value }: Step): unknown {
  const copy = structuredCloneOf(body)
  const places = containersIn(copy).flatMap((holder) =>
    [...Object.keys(holder), undefined].map((name) => ({ holder, name })),
  )
  const place = places[pick % places.length]
  if (!place) return value
  const { holder, name = key } = place
  if (action === 'remove') Reflect.deleteProperty(holder, name)
  else put(holder, action === 'add' ? key : name, value)
  return copy
}

const structuredCloneOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function put(holder: Container, name: string, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value)
  else
    Object.defineProperty(holder, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}
