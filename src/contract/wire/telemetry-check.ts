import { z } from 'zod'
import { bootIdPattern, epochPattern, partNamePattern, unitNamePattern } from './common.ts'
import { Sample, Telemetry } from './messages.ts'

/**
 * The quick way through the telemetry schema, for the one message that comes in thousands a
 * second. It accepts only what the schema accepts, with the same result, and leaves everything
 * else (also whatever is merely unusual) to the schema, which knows the reasons. The tests hold
 * the two together.
 */
type Json = Record<string, unknown>

const optionalIn = (schema: z.ZodType): boolean => schema.safeParse(undefined).success

/** Field names from the schema itself, so that a new field goes the slow way instead of past it. */
const fieldsOf = (schema: z.ZodObject) => ({
  known: new Set(Object.keys(schema.shape)),
  required: Object.entries(schema.shape)
    .filter(([, field]) => !optionalIn(field as z.ZodType))
    .map(([name]) => name),
})
const envelopeFields = fieldsOf(Telemetry)
const sampleFields = fieldsOf(Sample)

const instantPattern = z.regexes.datetime({ offset: true })
const lanes: unknown[] = Telemetry.shape.lane.options
const trusts: unknown[] = Telemetry.shape.trust.options
const kinds: unknown[] = Sample.shape.kind.options
const maxSamples = 500
const maxNameLength = 32
const maxReasonKeyLength = 64
const maxReasonLength = 120

const matches = (pattern: RegExp, value: unknown): boolean =>
  typeof value === 'string' && pattern.test(value)

const isPlainObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Numbers or null by short name. `__proto__` is left to the schema, which drops it. */
function areValues(values: unknown): boolean {
  if (!isPlainObject(values)) return false
  for (const name in values) {
    const value = values[name]
    if (value !== null && !Number.isFinite(value)) return false
    if (name.length > maxNameLength || name === '__proto__') return false
  }
  return true
}

function areParts(parts: unknown): boolean {
  if (!isPlainObject(parts)) return false
  for (const part in parts) {
    if (!partNamePattern.test(part) || !areValues(parts[part])) return false
  }
  return true
}

function areReasons(reasons: unknown): boolean {
  if (!isPlainObject(reasons)) return false
  for (const key in reasons) {
    const reason = reasons[key]
    if (typeof reason !== 'string' || reason.length > maxReasonLength) return false
    if (key.length > maxReasonKeyLength || key === '__proto__') return false
  }
  return true
}

function isSampleField(name: string, value: unknown): boolean {
  switch (name) {
    case 'unit':
      return matches(unitNamePattern, value)
    case 'kind':
      return kinds.includes(value)
    case 'parts':
      return areParts(value)
    case 'at':
      return matches(instantPattern, value)
    case 'reasons':
      return areReasons(value)
    default:
      return false
  }
}

type Fields = ReturnType<typeof fieldsOf>

/** All fields pass and none is missing. Fields of a newer agent are taken out, as zod does. */
function hasFields(body: Json, fields: Fields, passes: (name: string, value: unknown) => boolean) {
  for (const name in body) {
    if (passes(name, body[name])) continue
    if (fields.known.has(name)) return false
    Reflect.deleteProperty(body, name)
  }
  for (const name of fields.required) if (!(name in body)) return false
  return true
}

const isSample = (sample: unknown): boolean =>
  isPlainObject(sample) && hasFields(sample, sampleFields, isSampleField)

function areSamples(samples: unknown): boolean {
  if (!Array.isArray(samples) || samples.length < 1 || samples.length > maxSamples) return false
  return samples.every(isSample)
}

function isRecordId(id: unknown): boolean {
  if (!Array.isArray(id) || id.length !== 2 || !matches(epochPattern, id[0])) return false
  return Number.isSafeInteger(id[1]) && id[1] >= 1
}

function isEnvelopeField(name: string, value: unknown): boolean {
  switch (name) {
    case 'id':
      return isRecordId(value)
    case 'lane':
      return lanes.includes(value)
    case 'boot':
      return matches(bootIdPattern, value)
    case 'mono':
      return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY
    case 'at':
      return matches(instantPattern, value)
    case 'trust':
      return trusts.includes(value)
    case 'samples':
      return areSamples(value)
    default:
      return false
  }
}

/**
 * True: `body`, as JSON.parse gave it and rid of fields that are not known, is exactly what the
 * Telemetry schema would make of it. False says nothing: ask the schema.
 */
export const isPlainTelemetry = (body: unknown): body is Telemetry =>
  isPlainObject(body) && hasFields(body, envelopeFields, isEnvelopeField)
