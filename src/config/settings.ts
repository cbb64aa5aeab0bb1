import { z } from 'zod'

/**
 * Every setting of the hub as data: `.env.example`, the docs' table and the errors are made from
 * it. A setting that nothing reads does not belong here.
 */
type Setting = {
  /** Text to a value; its message completes "NAME …". */
  schema: z.ZodType<unknown, string>
  default?: string
  /** What a correct value looks like. */
  example: string
  /** Never printed, not even in an error. */
  secret?: true
  about: string
}

const text = z.string()

const port = text
  .regex(/^\d{1,5}$/, 'must be a port, 0 to 65535 (0 takes a free one)')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port, 0 to 65535 (0 takes a free one)')

const host = text.regex(/^(?!.*:\/\/)[\w.:[\]%-]+$/, 'must be a host name or address, without port')

const bytesFromMb = text
  .regex(/^\d{1,7}$/, 'must be a whole number of megabytes')
  .transform((value) => Number(value) * 1024 * 1024)
  .refine((value) => value >= 64 * 1024 * 1024, 'must be at least 64 (megabytes)')

function parsedUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined
}

const url = (accepts: (value: URL) => boolean, message: string) =>
  text.refine((value) => {
    const parsed = parsedUrl(value)
    return parsed !== undefined && accepts(parsed)
  }, message)

const publicUrl = url(
  (value) => ['http:', 'https:'].includes(value.protocol) && value.pathname === '/',
  'must be http:// or https:// with a host and no path',
).transform((value) => value.replace(/\/+$/, ''))

const dbUrl = text.refine((value) => {
  if (value.startsWith('sqlite:')) return value.length > 'sqlite:'.length
  const parsed = parsedUrl(value)
  return ['postgres:', 'postgresql:'].includes(parsed?.protocol ?? '') && parsed?.hostname !== ''
}, 'must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE')

const seriesUrl = text.refine((value) => {
  if (value === 'embedded:') return true
  const parsed = parsedUrl(value)
  if (parsed?.protocol !== 'influx:' && parsed?.protocol !== 'influxs:') return false
  return parsed.hostname !== '' && /^\/[\w-]+$/.test(parsed.pathname)
}, 'must be embedded: or influx://USER:PASSWORD@HOST:8086/DATABASE (influxs:// over TLS)')

const smtpUrl = url(
  (value) => ['smtp:', 'smtps:'].includes(value.protocol) && value.hostname !== '',
  'must be smtp:// or smtps:// with a host',
)

function isTimeZoneName(value: string): boolean {
  if (!/^[A-Za-z]/.test(value)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

const timeZone = text.refine(isTimeZoneName, 'must be the name of a time zone, not an offset')

export const settings = {
  ANSANG_DATA_DIR: {
    schema: text,
    default: './data',
    example: '/var/lib/ansang',
    about: 'Folder of everything the hub keeps: journal, databases, key file.',
  },
  ANSANG_HTTP_HOST: {
    schema: host,
    default: '127.0.0.1',
    example: '0.0.0.0',
    about: 'Address the console and the API listen on.',
  },
  ANSANG_HTTP_PORT: {
    schema: port,
    default: '8080',
    example: '8080',
    about: 'Port of console, API and MQTT over WebSocket (/mqtt).',
  },
  ANSANG_HTTPS_PORT: {
    schema: port,
    example: '8443',
    about: 'Port of the same over TLS; agents enrol there. Off when not set.',
  },
  ANSANG_HTTPS_CERT: {
    schema: text,
    example: '/etc/ansang/https.crt',
    about: 'Certificate file (PEM) of the HTTPS port. Not set: the hub makes its own key pair.',
  },
  ANSANG_HTTPS_KEY: {
    schema: text,
    example: '/etc/ansang/https.key',
    about: 'Private key file (PEM) of ANSANG_HTTPS_CERT.',
  },
  ANSANG_PUBLIC_URL: {
    schema: publicUrl,
    example: 'https://ansang.example.vn',
    about: 'Address under which people reach the console, for links in messages.',
  },
  ANSANG_MQTT_HOST: {
    schema: host,
    default: '127.0.0.1',
    example: '0.0.0.0',
    about: 'Address the MQTT ports listen on.',
  },
  ANSANG_MQTT_PORT: {
    schema: port,
    default: '1883',
    example: '1883',
    about: 'Port of MQTT without TLS.',
  },
  ANSANG_MQTTS_PORT: {
    schema: port,
    example: '8883',
    about: 'Port of MQTT over TLS. Off when not set.',
  },
  ANSANG_MQTTS_CERT: {
    schema: text,
    example: '/etc/ansang/mqtts.crt',
    about: 'Certificate file (PEM) of the MQTT TLS port. Not set: that of the HTTPS port.',
  },
  ANSANG_MQTTS_KEY: {
    schema: text,
    example: '/etc/ansang/mqtts.key',
    about: 'Private key file (PEM) of ANSANG_MQTTS_CERT.',
  },
  ANSANG_MQTTS_CA: {
    schema: text,
    example: '/etc/ansang/agents-ca.crt',
    about: 'Authorities (PEM, one or more) whose client certificates agents may sign in with.',
  },
  ANSANG_DB_URL: {
    schema: dbUrl,
    secret: true,
    example: 'postgres://ansang:SECRET@127.0.0.1/ansang',
    about: 'Registry, alerts, work and events. Not set: an SQLite file in the data folder.',
  },
  ANSANG_SERIES_URL: {
    schema: seriesUrl,
    default: 'embedded:',
    secret: true,
    example: 'influx://ansang:SECRET@127.0.0.1:8086/ansang',
    about: 'Telemetry: embedded: (SQLite in the data folder) or an InfluxDB 1.x API.',
  },
  ANSANG_ADMIN_PASSWORD: {
    schema: text.min(10, 'must have at least 10 characters'),
    secret: true,
    example: 'a-long-sentence-you-remember',
    about: 'Password of the first administrator. Not set: the first start makes and prints one.',
  },
  ANSANG_SMTP_URL: {
    schema: smtpUrl,
    secret: true,
    example: 'smtps://ansang:SECRET@mail.example.vn',
    about: 'Mail server for notifications. Not set: no e-mail is sent.',
  },
  ANSANG_SMTP_FROM: {
    schema: text.regex(/^[^<>\r\n]*<?[^\s<>@]+@[^\s<>@]+>?$/, 'must be an e-mail address'),
    default: 'ansang@localhost',
    example: 'An Sáng <ansang@example.vn>',
    about: 'Sender of the notifications.',
  },
  ANSANG_TIME_ZONE: {
    schema: timeZone,
    default: 'Asia/Ho_Chi_Minh',
    example: 'Asia/Ho_Chi_Minh',
    about: 'Time zone of lighting days, reports and SLA calendars.',
  },
  ANSANG_JOURNAL_MAX_MB: {
    schema: bytesFromMb,
    default: '4096',
    example: '4096',
    about: 'Size at which the journal is full and agents keep their messages themselves.',
  },
  ANSANG_SPOOL_MAX_MB: {
    schema: bytesFromMb,
    default: '2048',
    example: '2048',
    about: 'Size of the telemetry spool used while the series store is away.',
  },
  ANSANG_LOG_LEVEL: {
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    }),
    default: 'info',
    example: 'debug',
    about: 'Least level of the log lines on stdout.',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
export const settingNames = Object.keys(settings) as SettingName[]

/** A setting with its optional fields visible. */
export const settingOf = (name: SettingName): Setting => settings[name]

/** What each setting gives; `undefined` where there is neither a value nor a default. */
export type SettingValues = {
  [N in SettingName]:
    | z.output<(typeof settings)[N]['schema']>
    | ((typeof settings)[N] extends { default: string } ? never : undefined)
}
