import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { completeConfig, loadSettings, parseSettings } from '../../agents/runtime/config.ts'
import { parseInvitation } from '../../agents/runtime/enrol.ts'
import { readSecret, writeSecret } from '../../agents/runtime/secret-file.ts'
import { createLog } from '../../src/core/log.ts'

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'ansang-config-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}
const nvr = {
  unit: 'nvr1',
  driver: 'hikvision',
  url: 'http://192.0.2.4',
  username: 'monitor',
  passwordFile: 'nvr1.password',
}
const settings = (change: object = {}) => ({
  agentId: 'xa-tan-phu-01',
  hub: { url: 'mqtt://127.0.0.1:1883' },
  dataDir: 'data',
  units: [nvr],
  ...change,
})

describe('settings of an agent', () => {
  test('have what is usual filled in', () => {
    const config = parseSettings(settings())
    expect(config).toMatchObject({ telemetryEveryMs: 60_000, logLevel: 'info' })
    expect(config.outbox.maxBytes).toBeGreaterThan(1_000_000)
  })

  test.each([
    ['a misspelt name', { tellemetryEveryMs: 5 }, /unknown setting "tellemetryEveryMs"/],
    [
      'a misspelt name in a unit',
      { units: [{ ...nvr, pasword: 'x' }] },
      /unknown setting "pasword" in units\.0/,
    ],
    [
      'a password in the file itself',
      { units: [{ ...nvr, password: 'x' }] },
      /unknown setting "password"/,
    ],
    ['an unknown driver', { units: [{ ...nvr, driver: 'acme' }] }, /units\.0\.driver/],
    ['two units of one name', { units: [nvr, nvr] }, /two units have the same name/],
    ['a name that is no topic level', { agentId: 'Xã/1' }, /agentId: agent id/],
    ['an address of another kind', { hub: { url: 'http://hub' } }, /hub\.url/],
    ['no units at all', { units: undefined }, /units/],
  ])('%s is refused by name', (_, change, message) => {
    expect(() => parseSettings(settings(change))).toThrow(message)
  })

  test('every error is told at once', () => {
    expect(() => parseSettings(settings({ a: 1, dataDir: '' }))).toThrow(
      /dataDir.*unknown setting "a"/,
    )
  })

  test('paths are relative to the file', () => {
    const path = folder()
    writeFileSync(join(path, 'agent.json'), JSON.stringify(settings({ hub: { ca: 'ca.pem' } })))
    const loaded = loadSettings(join(path, 'agent.json'))
    expect(loaded.dataDir).toBe(join(path, 'data'))
    expect(loaded.hub.ca).toBe(join(path, 'ca.pem'))
    expect(loaded.units[0]).toMatchObject({ passwordFile: join(path, 'nvr1.password') })
  })

  test('a file that is absent or not JSON is named', () => {
    const path = join(folder(), 'agent.json')
    expect(() => loadSettings(path)).toThrow(/cannot read .*agent\.json/)
    writeFileSync(path, '{')
    expect(() => loadSettings(path)).toThrow(/agent\.json is not JSON/)
  })

  test('what enrolment gave fills the gaps and never overrides the file', () => {
    const enrolment = { agentId: 'from-hub', url: 'mqtts://hub:8883', pin: 'p'.repeat(43) }
    const bare = parseSettings({ hub: {}, dataDir: '/d', units: [] })
    expect(completeConfig(bare, enrolment)).toMatchObject({
      agentId: 'from-hub',
      hub: { url: 'mqtts://hub:8883', pin: enrolment.pin, secretFile: '/d/agent-secret' },
    })
    expect(completeConfig(parseSettings(settings()), enrolment).hub.url).toBe(
      'mqtt://127.0.0.1:1883',
    )
    expect(() => completeConfig(bare)).toThrow(/not enrolled/)
  })
})

describe('secrets', () => {
  test('are stored for the owner only, and read without the line end', () => {
    const path = join(folder(), 'deep', 'secret')
    writeSecret(path, 's3cret')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeSecret(path, 'n3w')
    expect(readSecret(path, createLog({ level: 'silent' }))).toBe('n3w')
  })

  test('a file that is open to others is told, without its content', () => {
    const path = join(folder(), 'secret')
    writeSecret(path, 's3cret')
    chmodSync(path, 0o644)
    const lines: string[] = []
    readSecret(path, createLog({ to: { write: (line) => lines.push(line) } }))
    expect(lines.join()).toMatch(/chmod 600/)
    expect(lines.join()).not.toMatch(/s3cret/)
  })

  test('an empty file is an error', () => {
    const path = join(folder(), 'secret')
    writeFileSync(path, '\n', { mode: 0o600 })
    expect(() => readSecret(path, createLog({ level: 'silent' }))).toThrow(/is empty/)
  })
})

describe('an invitation', () => {
  const pin = 'A'.repeat(43)
  test('says where the hub is and how to know it', () => {
    expect(parseInvitation(`ansang://hub.example:8443/?pin=${pin}&claim=C-1`)).toEqual({
      host: 'hub.example',
      port: 8443,
      pin,
      claim: 'C-1',
    })
  })

  test.each([
    ['https://hub/?pin=x', /begins ansang/],
    ['nonsense', /begins ansang/],
    [`ansang://hub/?pin=${pin}`, /no claim/],
    ['ansang://hub/?pin=short&claim=c', /no valid pin/],
    ['ansang://hub/?claim=c', /no valid pin/],
    ['ansang://127.0.0.1.evil.example/?claim=c', /no valid pin/],
  ])('%s is refused', (uri, message) => {
    expect(() => parseInvitation(uri)).toThrow(message)
  })

  test('may leave the pin out on the very machine of the hub', () => {
    expect(parseInvitation('ansang://127.0.0.1:8080/?claim=c').pin).toBeUndefined()
  })
})
