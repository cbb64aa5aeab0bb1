import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { editDistance, nearestName } from '../../src/config/nearest.ts'
import { settingNames, settingOf, settings } from '../../src/config/settings.ts'
import { ConfigError, parseConfig, readEnvironment } from '../../src/config.ts'
import { envExample } from '../support/generators/env-example.ts'

let folder = ''
const file = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansang-config-'))
  for (const name of ['cert.pem', 'key.pem', 'ca.pem']) writeFileSync(file(name), 'x')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function errorsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env, folder)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).errors
  }
}

describe('defaults', () => {
  test('an empty environment gives a hub on loopback with embedded stores', () => {
    expect(parseConfig({}, folder)).toEqual({
      dataDir: file('data'),
      http: { host: '127.0.0.1', port: 8080 },
      mqtt: { host: '127.0.0.1', port: 1883 },
      publicUrl: undefined,
      dbUrl: `sqlite:${file('data/hub.sqlite')}`,
      seriesUrl: 'embedded:',
      adminPassword: undefined,
      smtp: undefined,
      timeZone: 'Asia/Ho_Chi_Minh',
      journalMaxBytes: 4096 * 1024 * 1024,
      spoolMaxBytes: 2048 * 1024 * 1024,
      logLevel: 'info',
      warnings: [],
    })
  })

  test('.env.example as it is changes nothing', () => {
    expect(parseConfig(parseEnv(envExample()), folder)).toEqual(parseConfig({}, folder))
  })

  test('an empty value counts as not set', () => {
    const empty = Object.fromEntries(settingNames.map((name) => [name, ' ']))
    expect(parseConfig(empty, folder)).toEqual(parseConfig({}, folder))
  })

  test('names of other programs are none of our business', () => {
    expect(errorsOf({ PATH: '/bin', ANSANGX: '1', HTTP_PORT: 'x' })).toEqual([])
  })

  test.each(settingNames)('the example of %s is valid', (name) => {
    const { schema, example, default: value } = settingOf(name)
    expect(schema.safeParse(example).error).toBeUndefined()
    expect(value === undefined || schema.safeParse(value).success).toBe(true)
  })
})

describe('structure', () => {
  test('TLS ports, their files made absolute, MQTT falling back to the HTTPS pair', () => {
    const config = parseConfig(
      {
        ANSANG_HTTPS_PORT: '8443',
        ANSANG_HTTPS_CERT: 'cert.pem',
        ANSANG_HTTPS_KEY: 'key.pem',
        ANSANG_MQTTS_PORT: '8883',
        ANSANG_MQTTS_CA: 'ca.pem',
      },
      folder,
    )
    const files = { certFile: file('cert.pem'), keyFile: file('key.pem') }
    expect(config.http.tls).toEqual({ port: 8443, files })
    expect(config.mqtt.tls).toEqual({ port: 8883, files, caFile: file('ca.pem') })
  })

  test('MQTT over TLS uses its own pair when it has one', () => {
    const pair = { ANSANG_MQTTS_CERT: 'ca.pem', ANSANG_MQTTS_KEY: 'key.pem' }
    const config = parseConfig({ ANSANG_MQTTS_PORT: '0', ...pair }, folder)
    const files = { certFile: file('ca.pem'), keyFile: file('key.pem') }
    expect(config.mqtt.tls).toEqual({ port: 0, files })
  })

  test('databases: SQLite paths become absolute, PostgreSQL stays', () => {
    const dbUrl = (text: string) => parseConfig({ ANSANG_DB_URL: text }, folder).dbUrl
    expect(dbUrl('sqlite:here/hub.db')).toBe(`sqlite:${file('here/hub.db')}`)
    expect(dbUrl('postgres://u:p@h/d')).toBe('postgres://u:p@h/d')
  })

  test('mail has a server and a sender', () => {
    const env = { ANSANG_SMTP_URL: 'smtp://mail:25', ANSANG_SMTP_FROM: 'An Sáng <a@b.vn>' }
    expect(parseConfig(env, folder).smtp).toEqual({
      url: 'smtp://mail:25',
      from: 'An Sáng <a@b.vn>',
    })
  })

  test('the public address loses its last slash', () => {
    const config = parseConfig({ ANSANG_PUBLIC_URL: 'https://ansang.example.vn/' }, folder)
    expect(config.publicUrl).toBe('https://ansang.example.vn')
  })
})

describe('errors', () => {
  test.each([
    ['ANSANG_HTTP_PROT', 'ANSANG_HTTP_PORT'],
    ['ANSANG_DATADIR', 'ANSANG_DATA_DIR'],
    ['ANSANG_MQTT_PORTS', 'ANSANG_MQTT_PORT'],
    ['ANSANG_log_level', 'ANSANG_LOG_LEVEL'],
  ])('%s: did you mean %s?', (name, meant) => {
    expect(errorsOf({ [name]: '1' })).toEqual([`${name} is not a setting, did you mean ${meant}?`])
  })

  test('a name far from all is refused without a guess', () => {
    const errors = errorsOf({ ANSANG_COFFEE_MACHINE_STRENGTH: '3' })
    expect(errors).toEqual(['ANSANG_COFFEE_MACHINE_STRENGTH is not a setting'])
  })

  test.each([
    ['ANSANG_HTTP_PORT', '80a', 'must be a port'],
    ['ANSANG_HTTP_PORT', '65536', 'must be a port'],
    ['ANSANG_HTTP_PORT', '-1', 'must be a port'],
    ['ANSANG_HTTP_HOST', 'http://x', 'must be a host name'],
    ['ANSANG_PUBLIC_URL', 'ansang.vn', 'must be http:// or https://'],
    ['ANSANG_PUBLIC_URL', 'https://ansang.vn/app', 'no path'],
    ['ANSANG_TIME_ZONE', '+07:00', 'not an offset'],
    ['ANSANG_TIME_ZONE', 'Asia/Hanoi2', 'name of a time zone'],
    ['ANSANG_JOURNAL_MAX_MB', '4GB', 'whole number of megabytes'],
    ['ANSANG_JOURNAL_MAX_MB', '1', 'at least 64'],
    ['ANSANG_SPOOL_MAX_MB', '-5', 'whole number of megabytes'],
    ['ANSANG_LOG_LEVEL', 'loud', 'must be one of trace'],
    ['ANSANG_SMTP_FROM', 'nobody', 'must be an e-mail address'],
  ])('%s=%s %s, with the value and an example', (name, value, problem) => {
    const [error = ''] = errorsOf({ [name]: value })
    expect(error).toContain(problem)
    expect(error).toContain(JSON.stringify(value))
    expect(error).toContain(`for example ${name}=`)
  })

  test.each([
    ['ANSANG_DB_URL', 'mysql://root:hunter2secret@h/d'],
    ['ANSANG_DB_URL', 'sqlite:'],
    ['ANSANG_SERIES_URL', 'influx://ansang:hunter2secret@h:8086'],
    ['ANSANG_SERIES_URL', 'hunter2secret'],
    ['ANSANG_SMTP_URL', 'ftp://u:hunter2secret@h'],
    ['ANSANG_ADMIN_PASSWORD', 'hunter2'],
  ])('%s is refused without printing it', (name, value) => {
    const text = errorsOf({ [name]: value }).join('\n')
    expect(text).toContain(`${name}: its value (hidden) must`)
    expect(text).not.toContain('hunter2')
  })

  test('no secret is ever in an error, whatever it is', () => {
    const secrets = settingNames.filter((name) => settingOf(name).secret === true)
    const value = fc.string({ minLength: 12 }).filter((text) => text.trim().length > 11)
    fc.assert(
      fc.property(fc.constantFrom(...secrets), value, (name, text) => {
        expect(errorsOf({ [name]: text, ANSANG_HTTP_PORT: 'x' }).join()).not.toContain(text)
      }),
    )
  })

  test('all errors are told at once', () => {
    const env = { ANSANG_HTTP_PORT: 'x', ANSANG_MQTT_PORT: 'y', ANSANG_DBURL: 'z' }
    expect(errorsOf(env)).toHaveLength(3)
    expect(() => parseConfig(env, folder)).toThrow('The settings are not valid:\n  ANSANG_DBURL')
  })

  test.each([
    [{ ANSANG_HTTPS_PORT: '1', ANSANG_HTTPS_CERT: 'cert.pem' }, 'needs ANSANG_HTTPS_KEY'],
    [{ ANSANG_MQTTS_PORT: '1', ANSANG_MQTTS_KEY: 'key.pem' }, 'needs ANSANG_MQTTS_CERT'],
    [
      { ANSANG_HTTPS_CERT: 'cert.pem', ANSANG_HTTPS_KEY: 'key.pem' },
      'ANSANG_HTTPS_CERT needs ANSANG_HTTPS_PORT',
    ],
    [{ ANSANG_MQTTS_CA: 'ca.pem' }, 'needs ANSANG_MQTTS_PORT'],
    [{ ANSANG_MQTTS_PORT: '1', ANSANG_MQTTS_CA: 'absent.pem' }, 'absent.pem is not there'],
    [{ ANSANG_HTTP_PORT: '1883' }, 'ANSANG_HTTP_PORT and ANSANG_MQTT_PORT are both 1883'],
    [
      { ANSANG_HTTP_PORT: '1883', ANSANG_MQTT_HOST: '0.0.0.0', ANSANG_MQTTS_PORT: '9' },
      'are both 1883',
    ],
  ])('%j: %s', (env, problem) => {
    expect(errorsOf(env).join()).toContain(problem)
  })

  test('two listeners may both take any free port', () => {
    expect(errorsOf({ ANSANG_HTTP_PORT: '0', ANSANG_MQTT_PORT: '0' })).toEqual([])
  })
})

describe('warnings', () => {
  const warnings = (env: Record<string, string>) => parseConfig(env, folder).warnings

  test.each(['127.0.0.1', '127.8.0.1', 'localhost', '::1', '[::1]'])('%s is loopback', (host) => {
    expect(warnings({ ANSANG_HTTP_HOST: host, ANSANG_MQTT_HOST: host })).toEqual([])
  })

  test('a listener on the network without TLS is warned of', () => {
    const open = { ANSANG_HTTP_HOST: '0.0.0.0', ANSANG_MQTT_HOST: '10.0.0.5' }
    expect(warnings(open)).toHaveLength(2)
    const guarded = { ANSANG_PUBLIC_URL: 'https://a.vn', ANSANG_MQTTS_PORT: '8883' }
    expect(warnings({ ...open, ...guarded })).toEqual([])
  })
})

describe('.env', () => {
  test('is read from the folder, and the environment wins', () => {
    writeFileSync(file('.env'), 'ANSANG_HTTP_PORT=81\nANSANG_MQTT_PORT=82\n')
    const env = readEnvironment(folder, { ANSANG_MQTT_PORT: '83' })
    rmSync(file('.env'))
    expect(env).toMatchObject({ ANSANG_HTTP_PORT: '81', ANSANG_MQTT_PORT: '83' })
    expect(readEnvironment(folder, {})).toEqual({})
  })
})

describe('nearest name', () => {
  test.each([
    ['', '', 0],
    ['a', '', 1],
    ['kitten', 'sitting', 3],
    ['same', 'same', 0],
  ])('%s → %s takes %i edits', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits)
  })

  test('one edit away from a setting finds it again', () => {
    const names = Object.keys(settings)
    const broken = fc.tuple(fc.constantFrom(...names), fc.nat(20), fc.constantFrom('Z', ''))
    fc.assert(
      fc.property(broken, ([name, at, put]) => {
        const typo = name.slice(0, 7 + (at % (name.length - 7))) + put
        const whole = typo + name.slice(typo.length + (put === '' ? 1 : 0))
        expect(nearestName(whole, names)).toBeDefined()
      }),
    )
  })
})
