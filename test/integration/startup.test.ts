import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { signIn } from '../support/hub.ts'
import { type HubProcess, startHubProcess } from '../support/hub-process.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'ansang-startup-'))
const running: HubProcess[] = []
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.map((one) => one.ended))
  rmSync(folder, { recursive: true, force: true })
})

let made = 0
const newFolder = () => join(folder, `data-${++made}`)
const start = (...args: Parameters<typeof startHubProcess>) => {
  const hub = startHubProcess(...args)
  running.push(hub)
  return hub
}

/** Starts a hub that must refuse, and returns what it said; never a stack. */
async function refusal(...args: Parameters<typeof startHubProcess>): Promise<string> {
  const hub = start(...args)
  expect(await hub.ended).toBe(1)
  expect(hub.err()).not.toMatch(/^\s+at /m)
  expect(hub.out()).toBe('')
  return hub.err()
}

describe('a hub that cannot start says why in a sentence', () => {
  it('a typo', async () => {
    const said = await refusal({ ANSANG_DATA_DIR: newFolder(), ANSANG_HTP_PORT: '8080' })
    expect(said).toMatch(/ANSANG_HTP_PORT is not a setting, did you mean ANSANG_HTTP_PORT\?/)
  })

  it('several bad values at once, and no secret', async () => {
    const said = await refusal({
      ANSANG_HTTP_PORT: '70000',
      ANSANG_TIME_ZONE: '+07:00',
      ANSANG_DB_URL: 'mysql://root:hunter2@db/ansang',
      ANSANG_ADMIN_PASSWORD: 'hunter2',
    })
    expect(
      said
        .match(/^ {2}ANSANG_\w+/gm)
        ?.map((name) => name.trim())
        .sort(),
    ).toEqual(['ANSANG_ADMIN_PASSWORD', 'ANSANG_DB_URL', 'ANSANG_HTTP_PORT', 'ANSANG_TIME_ZONE'])
    expect(said).not.toContain('hunter2')
  })

  it('a weak first password', async () => {
    const settings = { ANSANG_DATA_DIR: newFolder(), ANSANG_ADMIN_PASSWORD: 'aaaaaaaaaaaa' }
    expect(await refusal(settings)).toMatch(/^ANSANG_ADMIN_PASSWORD: use at least 10 characters/)
  })

  it('a data folder that is a file', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const said = await refusal({ ANSANG_DATA_DIR: file })
    expect(said).toMatch(/^The data folder \S+ cannot be written .*ANSANG_DATA_DIR/)
  })

  it('a data folder that may not be written', async () => {
    const dataDir = newFolder()
    mkdirSync(dataDir)
    chmodSync(dataDir, 0o555)
    // Root may write everywhere, so a hub of root is started as nobody.
    const isRoot = process.getuid?.() === 0
    const idOf = (what: string) =>
      Number(execFileSync('id', [what, 'nobody'], { encoding: 'utf8' }))
    if (isRoot) chmodSync(folder, 0o755)
    const account = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {}
    const said = await refusal({ ANSANG_DATA_DIR: dataDir }, account)
    expect(said).toMatch(/^The data folder \S+ cannot be written .*ANSANG_DATA_DIR/)
  })

  it.each([
    ['ANSANG_HTTP_PORT', {}],
    ['ANSANG_HTTPS_PORT', {}],
    ['ANSANG_MQTT_PORT', {}],
    ['ANSANG_MQTTS_PORT', {}],
  ])('a port that is used: %s', async (setting, more) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const settings = { ANSANG_DATA_DIR: newFolder(), [setting]: String(port), ...more }
    const said = await refusal(settings)
    expect(said).toContain(`Port ${port} (${setting}) is used by another program.`)
    server.close()
  })

  it.each([
    ['ANSANG_HTTP_HOST', '192.0.2.1'],
    ['ANSANG_MQTT_HOST', '192.0.2.1'],
  ])('an address of another machine: %s', async (setting, host) => {
    const said = await refusal({ ANSANG_DATA_DIR: newFolder(), [setting]: host })
    expect(said).toContain(`${setting}: ${host} is no address of this machine.`)
  })

  it('a PostgreSQL that is not there, without its password', async () => {
    const url = 'postgres://ansang:hunter2@127.0.0.1:1/ansang'
    const said = await refusal({ ANSANG_DATA_DIR: newFolder(), ANSANG_DB_URL: url })
    expect(said).toMatch(/database does not answer/)
    expect(said).not.toContain('hunter2')
  })

  it('a data folder that another hub uses', async () => {
    const dataDir = newFolder()
    const first = start({ ANSANG_DATA_DIR: dataDir })
    await first.ready
    const said = await refusal({ ANSANG_DATA_DIR: dataDir })
    expect(said).toContain(`is in use by another hub (process ${first.child.pid})`)
    expect(await first.stop()).toBe(0)
    const second = start({ ANSANG_DATA_DIR: dataDir })
    await second.ready
    expect(await second.stop()).toBe(0)
  })

  it('a command that is none', async () => {
    const said = await refusal({ ANSANG_DATA_DIR: newFolder() }, { args: ['reset-pasword'] })
    expect(said).toMatch(/^Unknown command\. There are:/)
  })
})

describe('a hub that runs', () => {
  it('says where it is, its first password, and that the console is not built', async () => {
    const dataDir = newFolder()
    const hub = start({ ANSANG_DATA_DIR: dataDir })
    const url = await hub.ready
    const shown = /password (\S+) \(shown only now/.exec(hub.out())?.[1] ?? ''
    const api = await signIn(url, 'admin', shown)
    expect(await api.call('GET', '/api/v1/session')).toMatchObject({ mustChangePassword: true })
    expect((await fetch(url)).status).toBe(200)
    expect(await hub.stop()).toBe(0)
    const again = start({ ANSANG_DATA_DIR: dataDir })
    await again.ready
    expect(again.out()).not.toContain('First sign-in')
    expect(await again.stop()).toBe(0)
    expect(again.err()).toBe('')
  })

  it('stops in order also when it is told to while it still starts', async () => {
    const dataDir = newFolder()
    const hub = start({ ANSANG_DATA_DIR: dataDir })
    // The key file is made early in the start, long before the hub is ready.
    await until(() => existsSync(join(dataDir, 'secret.key')), { everyMs: 1 })
    expect(await hub.stop()).toBe(0)
    expect(hub.err()).toBe('')
  })

  it('keeps its folder from the eyes of others', async () => {
    const dataDir = newFolder()
    const hub = start({ ANSANG_DATA_DIR: dataDir })
    await hub.ready
    const modes = execFileSync('stat', ['-c', '%a', dataDir, join(dataDir, 'secret.key')], {
      encoding: 'utf8',
    })
    expect(modes.trim().split('\n')).toEqual(['700', '600'])
    expect(readdirSync(dataDir)).not.toContain('.probe')
    await hub.stop()
  })

  it('gives a new password on the machine itself, also while it runs', async () => {
    const settings = { ANSANG_DATA_DIR: newFolder(), ANSANG_ADMIN_PASSWORD: 'the first of all' }
    const hub = start(settings)
    const url = await hub.ready
    const before = await signIn(url, 'admin', 'the first of all')
    const command = start(settings, { args: ['reset-password'] })
    expect(await command.ended).toBe(0)
    const given = /New password for admin: (\S+)/.exec(command.out())?.[1] ?? ''
    expect((await before.request('GET', '/api/v1/session')).status).toBe(401)
    await expect(signIn(url, 'admin', 'the first of all')).rejects.toThrow(/401/)
    const after = await signIn(url, 'admin', given)
    expect((await after.request('GET', '/api/v1/assets')).status).toBe(403)
    const change = { current: given, next: 'the second of all' }
    await after.call('PUT', '/api/v1/session/password', change)
    expect((await after.request('GET', '/api/v1/assets')).status).toBe(200)
    expect(await hub.stop()).toBe(0)
    const unknown = await refusal(settings, { args: ['reset-password', 'nobody-here'] })
    expect(unknown).toBe('there is no user nobody-here\n')
  })

  it('reads settings from the .env file of its folder, and the environment wins', async () => {
    const cwd = newFolder()
    mkdirSync(cwd)
    writeFileSync(
      join(cwd, '.env'),
      'ANSANG_DATA_DIR=./here\nANSANG_ADMIN_PASSWORD=out of the file\n',
    )
    const hub = start({ ANSANG_ADMIN_PASSWORD: 'out of the environment' }, { cwd })
    const url = await hub.ready
    expect(readdirSync(cwd)).toContain('here')
    await signIn(url, 'admin', 'out of the environment')
    await hub.stop()
  })
})
