import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { AgentId, UnitName } from '../../src/contract/wire/common.ts'
import { days, minutes, seconds } from '../../src/core/clock.ts'
import { messageOf } from '../../src/core/problem.ts'

/** A settings file that cannot be used; the message says which setting and what to write. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const Port = z.int().min(1).max(65_535)
const EveryMs = z.int().min(seconds(1)).max(minutes(60))

const unit = { unit: UnitName, label: z.string().max(120).optional(), everyMs: EveryMs.optional() }

export const HikvisionUnit = z.strictObject({
  ...unit,
  driver: z.literal('hikvision'),
  url: z.url({ protocol: /^https?$/ }),
  username: z.string().min(1),
  passwordFile: z.string().min(1),
  /** Only for a device that speaks neither digest nor HTTPS. */
  allowBasicOverHttp: z.boolean().optional(),
  /** The device's own certificate is taken as it is. */
  anyCertificate: z.boolean().optional(),
})
export type HikvisionUnit = z.infer<typeof HikvisionUnit>

export const NutUnit = z.strictObject({
  ...unit,
  driver: z.literal('nut'),
  host: z.string().min(1),
  port: Port.default(3493),
  ups: z.string().min(1),
})
export type NutUnit = z.infer<typeof NutUnit>

const Modbus = { host: z.string().min(1), port: Port.default(502), unitId: z.int().min(1).max(247) }

export const CabinetUnit = z.strictObject({
  ...unit,
  driver: z.literal('cabinet'),
  meter: z.strictObject({ profile: z.string().default('sdm630'), ...Modbus }),
  relays: z.strictObject({ ...Modbus }),
  circuits: z
    .array(
      z.strictObject({
        part: z.string().regex(/^circuit:[A-Za-z0-9-]{1,16}$/, 'a circuit is named circuit:NAME'),
        label: z.string().max(120).optional(),
        coil: z.int().min(0).max(65_535),
        phases: z.array(z.enum(['A', 'B', 'C'])).min(1),
        expectedW: z.number().positive(),
      }),
    )
    .min(1)
    .max(32),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
})
export type CabinetUnit = z.infer<typeof CabinetUnit>

const Unit = z.discriminatedUnion('driver', [HikvisionUnit, NutUnit, CabinetUnit])
export type UnitConfig = z.infer<typeof Unit>

const Hub = z.strictObject({
  /** Absent until enrolled; then the address that the hub gave is used. */
  url: z.url({ protocol: /^(mqtts?|wss?)$/ }).optional(),
  /** File with the certificate authority (PEM). */
  ca: z.string().optional(),
  /** SHA-256 of the server's public key (SPKI), base64url. */
  pin: z
    .string()
    .regex(/^[\w-]{43}$/, 'a pin has 43 characters of base64url')
    .optional(),
  secretFile: z.string().optional(),
  /** `ansang://HOST:PORT/?pin=…&claim=…`: used once, when there is no secret yet. */
  enrol: z.string().startsWith('ansang://').optional(),
})

const Outbox = z.strictObject({
  maxBytes: z.int().min(100_000).default(64_000_000),
  maxAgeMs: z.int().min(minutes(10)).default(days(30)),
  backlogPerSecond: z.number().positive().max(1000).default(20),
})

/** The settings file of an agent. Relative paths are relative to the file. */
export const AgentSettings = z.strictObject({
  /** Absent until enrolled, unless it was given a name beforehand. */
  agentId: AgentId.optional(),
  hub: Hub,
  dataDir: z.string().min(1),
  telemetryEveryMs: EveryMs.default(minutes(1)),
  outbox: Outbox.default(Outbox.parse({})),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  units: z
    .array(Unit)
    .max(200)
    .refine((units) => new Set(units.map((one) => one.unit)).size === units.length, {
      message: 'two units have the same name',
    }),
})
export type AgentSettings = z.infer<typeof AgentSettings>

/** Settings of an agent that may connect: it has a name, a hub and a place for its secret. */
export type AgentConfig = AgentSettings & {
  agentId: string
  hub: { url: string; secretFile: string }
}

/** What the hub said at enrolment; kept in `dataDir`, used where the settings say nothing. */
export type Enrolment = { agentId: string; url: string; pin?: string }

const keysOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'unrecognized_keys' ? issue.keys.map((key) => `"${key}"`).join(', ') : ''

function describe(issue: z.core.$ZodIssue): string {
  const where = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    return `unknown setting ${keysOf(issue)}${where ? ` in ${where}` : ''}`
  }
  return `${where || 'the file'}: ${issue.message}`
}

/**
 * Checks settings that were already parsed from JSON.
 *
 * @throws ConfigError naming every setting that is wrong
 */
export function parseSettings(value: unknown, source = 'settings'): AgentSettings {
  const result = AgentSettings.safeParse(value)
  if (result.success) return result.data
  throw new ConfigError(`${source}: ${result.error.issues.map(describe).join('; ')}`)
}

const absolute = (folder: string, path: string): string => resolve(folder, path)

function absolutePaths(config: AgentSettings, folder: string): AgentSettings {
  const { hub, units } = config
  const dataDir = absolute(folder, config.dataDir)
  return {
    ...config,
    dataDir,
    hub: {
      ...hub,
      ...(hub.secretFile ? { secretFile: absolute(folder, hub.secretFile) } : {}),
      ...(hub.ca ? { ca: absolute(folder, hub.ca) } : {}),
    },
    units: units.map((one) =>
      'passwordFile' in one && one.passwordFile
        ? { ...one, passwordFile: absolute(folder, one.passwordFile) }
        : one,
    ),
  }
}

/**
 * Reads the settings file; all paths in the answer are absolute.
 *
 * @throws ConfigError that names the file and what is wrong in it
 */
export function loadSettings(path: string): AgentSettings {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${messageOf(error)}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`${path} is not JSON: ${messageOf(error)}`)
  }
  return absolutePaths(parseSettings(value, path), dirname(resolve(path)))
}

/**
 * Settings and enrolment together.
 *
 * @throws ConfigError when they do not say who the agent is and where its hub is
 */
export function completeConfig(settings: AgentSettings, enrolment?: Enrolment): AgentConfig {
  const agentId = settings.agentId ?? enrolment?.agentId
  const url = settings.hub.url ?? enrolment?.url
  if (!agentId || !url) {
    const missing = agentId ? 'hub.url' : 'agentId'
    throw new ConfigError(`${missing} is not set and this agent is not enrolled: use --enrol`)
  }
  const pin = settings.hub.pin ?? (settings.hub.ca ? undefined : enrolment?.pin)
  const secretFile = settings.hub.secretFile ?? resolve(settings.dataDir, 'agent-secret')
  return {
    ...settings,
    agentId,
    hub: { ...settings.hub, url, secretFile, ...(pin ? { pin } : {}) },
  }
}
