/**
 * The hub's settings: environment (and `.env`) in, one structured, checked Config out. All errors
 * are reported at once, each with the setting's name, what is wrong and an example; a name that is
 * not known is an error too, for a typo must not become a default. Secrets are never printed.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { checkTogether, fileSettings } from './config/check.ts'
import { nearestName } from './config/nearest.ts'
import { type SettingName, type SettingValues, settingNames, settingOf } from './config/settings.ts'

export type TlsFiles = { certFile: string; keyFile: string }

export type Config = {
  /** Absolute. */
  dataDir: string
  http: { host: string; port: number; tls?: { port: number; files?: TlsFiles } }
  mqtt: { host: string; port: number; tls?: { port: number; files?: TlsFiles; caFile?: string } }
  /** Without a slash at the end; `undefined`: derive it from the bound HTTP address. */
  publicUrl: string | undefined
  /** `sqlite:ABSOLUTE PATH` or `postgres://…`. */
  dbUrl: string
  /** `embedded:` or `influx://…`. */
  seriesUrl: string
  adminPassword: string | undefined
  smtp: { url: string; from: string } | undefined
  timeZone: string
  journalMaxBytes: number
  spoolMaxBytes: number
  logLevel: string
  /** To be logged once at the start: allowed, but probably not meant. */
  warnings: string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** The settings are wrong. `message` is for the operator: one line per error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly errors: readonly string[]

  constructor(errors: readonly string[]) {
    super(['The settings are not valid:', ...errors.map((error) => `  ${error}`)].join('\n'))
    this.errors = errors
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

const prefix = 'ANSANG_'
const isKnown = (name: string): name is SettingName => (settingNames as string[]).includes(name)

function unknownNames(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !isKnown(name))
    .map((name) => {
      const meant = nearestName(name, settingNames)
      return `${name} is not a setting${meant ? `, did you mean ${meant}?` : ''}`
    })
}

function readOne(name: SettingName, env: Environment): { value?: unknown; error?: string } {
  const setting = settingOf(name)
  const given = env[name]?.trim() || undefined
  const text = given ?? setting.default
  if (text === undefined) return {}
  const result = setting.schema.safeParse(text)
  if (result.success) return { value: result.data }
  const shown = setting.secret ? 'its value (hidden)' : JSON.stringify(text)
  const problem = result.error.issues[0]?.message ?? 'is not valid'
  return { error: `${name}: ${shown} ${problem}; for example ${name}=${setting.example}` }
}

function readAll(env: Environment): { values: SettingValues; errors: string[] } {
  const read = settingNames.map((name) => ({ name, ...readOne(name, env) }))
  const values = Object.fromEntries(read.map(({ name, value }) => [name, value]))
  return {
    // Each value came out of its own schema; readOne reported those that did not.
    values: values as SettingValues,
    errors: read.flatMap(({ error }) => (error === undefined ? [] : [error])),
  }
}

const filesOf = (certFile: string | undefined, keyFile: string | undefined) =>
  certFile !== undefined && keyFile !== undefined ? { files: { certFile, keyFile } } : {}

function tlsOf(values: SettingValues): Pick<Config, 'http' | 'mqtt'> {
  const https = values.ANSANG_HTTPS_PORT
  const mqtts = values.ANSANG_MQTTS_PORT
  const httpsFiles = filesOf(values.ANSANG_HTTPS_CERT, values.ANSANG_HTTPS_KEY)
  const mqttsFiles = {
    ...httpsFiles,
    ...filesOf(values.ANSANG_MQTTS_CERT, values.ANSANG_MQTTS_KEY),
  }
  const ca = values.ANSANG_MQTTS_CA
  return {
    http: {
      host: values.ANSANG_HTTP_HOST,
      port: values.ANSANG_HTTP_PORT,
      ...(https === undefined ? {} : { tls: { port: https, ...httpsFiles } }),
    },
    mqtt: {
      host: values.ANSANG_MQTT_HOST,
      port: values.ANSANG_MQTT_PORT,
      ...(mqtts === undefined
        ? {}
        : { tls: { port: mqtts, ...mqttsFiles, ...(ca === undefined ? {} : { caFile: ca }) } }),
    },
  }
}

function withAbsoluteFiles(values: SettingValues, folder: string): SettingValues {
  const files = fileSettings.flatMap((name) => {
    const path = values[name]
    return path === undefined ? [] : [[name, resolve(folder, path)]]
  })
  return { ...values, ...Object.fromEntries(files) }
}

function dbUrlOf(values: SettingValues, dataDir: string, folder: string): string {
  const url = values.ANSANG_DB_URL
  if (url === undefined) return `sqlite:${join(dataDir, 'hub.sqlite')}`
  return url.startsWith('sqlite:') ? `sqlite:${resolve(folder, url.slice('sqlite:'.length))}` : url
}

/**
 * Environment to Config; relative paths are taken from `folder`. An empty value counts as not set.
 * Throws ConfigError with every error found.
 */
export function parseConfig(env: Environment, folder: string = process.cwd()): Config {
  const read = readAll(env)
  const early = [...unknownNames(env), ...read.errors]
  if (early.length > 0) throw new ConfigError(early)
  const values = withAbsoluteFiles(read.values, folder)
  const together = checkTogether(values, isReadable)
  if (together.errors.length > 0) throw new ConfigError(together.errors)
  const dataDir = resolve(folder, values.ANSANG_DATA_DIR)
  const smtpUrl = values.ANSANG_SMTP_URL
  return {
    dataDir,
    ...tlsOf(values),
    publicUrl: values.ANSANG_PUBLIC_URL,
    dbUrl: dbUrlOf(values, dataDir, folder),
    seriesUrl: values.ANSANG_SERIES_URL,
    adminPassword: values.ANSANG_ADMIN_PASSWORD,
    smtp: smtpUrl === undefined ? undefined : { url: smtpUrl, from: values.ANSANG_SMTP_FROM },
    timeZone: values.ANSANG_TIME_ZONE,
    journalMaxBytes: values.ANSANG_JOURNAL_MAX_MB,
    spoolMaxBytes: values.ANSANG_SPOOL_MAX_MB,
    logLevel: values.ANSANG_LOG_LEVEL,
    warnings: together.warnings,
  }
}

/** The environment over the `.env` file of `folder`, where there is one. */
export function readEnvironment(
  folder: string = process.cwd(),
  env: Environment = process.env,
): Environment {
  const file = join(folder, '.env')
  return existsSync(file) ? { ...parseEnv(readFileSync(file, 'utf8')), ...env } : env
}
