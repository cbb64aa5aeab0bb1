import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrol as enrolAgent } from '../../agents/runtime/enrol.ts'
import { createManualClock, minutes } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { pinOf } from '../../src/core/self-signed.ts'
import { readEvents } from '../../src/db/events.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import { createAuthority, type Signed, selfSigned } from '../support/certificates.ts'
import { type Api, enrol, makeAreas, startTestHub, type TestHub } from '../support/hub.ts'
import { until } from '../support/until.ts'

type Claim = { code: string; uri: string; expiresAt: string }

const folder = mkdtempSync(join(tmpdir(), 'ansang-enrolment-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const post = async (url: string, body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

/** Tries to connect; the code of the refusal, or the client. */
const dial = (
  url: string,
  agentId: string,
  wish: { password?: string; identity?: Signed } = {},
): Promise<MqttClient | string> =>
  connectAsync(url, {
    clientId: agentId,
    username: agentId,
    reconnectPeriod: 0,
    connectTimeout: 5000,
    rejectUnauthorized: false,
    ...(wish.password === undefined ? {} : { password: wish.password }),
    ...(wish.identity ? { key: wish.identity.key, cert: wish.identity.cert } : {}),
  }).then(
    (client) => {
      client.on('error', () => {})
      return client
    },
    (error: unknown) => String((error as { code?: unknown }).code ?? error),
  )

async function gets(...args: Parameters<typeof dial>): Promise<'in' | string> {
  const client = await dial(...args)
  if (typeof client === 'string') return client
  await client.endAsync(true)
  return 'in'
}

/** MQTT 3.1.1: bad user name or password. */
const refused = '4'

describeOnBoth('enrolment', (newSettings) => {
  const clock = createManualClock(Date.parse('2026-11-24T08:00:00+07:00'))
  let hub: TestHub
  let admin: Api
  let areaId = ''
  let mqtt = ''
  const claim = (wish: object = {}) =>
    admin.call<Claim>('POST', '/api/v1/claims', { name: 'Trạm', areaId, ...wish })
  const use = (code: string, headers?: Record<string, string>) =>
    post(`${hub.url}/api/v1/enrolments`, { claim: code }, headers)
  const become = (agentId: string) => enrol(hub, admin, { areaId, agentId })

  beforeAll(async () => {
    hub = await startTestHub({ clock, settings: await newSettings() })
    admin = await hub.admin()
    areaId = (await makeAreas(admin)).commune
    mqtt = `mqtt://127.0.0.1:${hub.ports.mqtt}`
  })
  afterAll(() => hub.end())

  it('gives one secret for one code, however many ask at once', async () => {
    const { code } = await claim()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => use(code, { 'x-forwarded-for': `10.0.0.${i}` })),
    )
    expect(answers.map((one) => one.status).sort()).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 403),
    ])
    expect((await use(code)).body['code']).toBe('devices.bad-claim')
  })

  it('says the same of an unknown, a used and an expired code', async () => {
    const used = await claim()
    await use(used.code)
    const old = await claim({ validMinutes: 10 })
    expect(Date.parse(old.expiresAt)).toBe(clock.now() + minutes(10))
    clock.step(minutes(10))
    const answers = [
      await use(used.code),
      await use(old.code),
      await use('aaaa-bbbb-cccc-dddd-eeee'),
    ]
    for (const { status, body } of answers) {
      const { requestId: _, ...said } = body
      expect(status).toBe(403)
      expect(said).toMatchObject({ code: 'devices.bad-claim', detail: answers[0]?.body['detail'] })
    }
  })

  it('takes a code as people type it', async () => {
    const { code } = await claim()
    expect((await use(` ${code.toUpperCase()} `)).status).toBe(201)
  })

  it('keeps neither code nor secret in the database', async () => {
    const { code } = await claim()
    const { body } = await use(code)
    const rows = await hub.inside.db.read(async (q) => [
      await q.selectFrom('claims').selectAll().execute(),
      await q.selectFrom('agents').selectAll().execute(),
      await q.selectFrom('audit').selectAll().execute(),
    ])
    const events = await readEvents(hub.inside.db, 0, 1000)
    const text = JSON.stringify([rows, events])
    expect([code, body['secret'] ?? ''].filter((secret) => text.includes(secret))).toEqual([])
  })

  it('slows an address down that guesses, and counts no success', async () => {
    const from = { 'x-forwarded-for': '10.9.0.1' }
    for (let i = 0; i < 15; i += 1) expect((await use((await claim()).code, from)).status).toBe(201)
    const statuses = []
    for (let i = 0; i < 12; i += 1) statuses.push((await use(`guess-${i}`, from)).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 403), 429, 429])
    expect((await use((await claim()).code, { 'x-forwarded-for': '10.9.0.2' })).status).toBe(201)
  })

  it('gives a name to the first of two codes', async () => {
    const [one, two] = [await claim({ agentId: 'twice' }), await claim({ agentId: 'twice' })]
    expect((await use(two.code)).status).toBe(201)
    const late = await use(one.code)
    expect([late.status, late.body['code']]).toEqual([409, 'resource.conflict'])
    const again = await admin.request('POST', '/api/v1/claims', {
      name: 'x',
      areaId,
      agentId: 'twice',
    })
    expect(again.status).toBe(409)
  })

  it.each([
    ['an unknown area', { areaId: 'nowhere' }, 404],
    ['an unknown site', { siteId: 'nowhere' }, 404],
    ['a name with a wildcard', { agentId: 'a/#' }, 400],
    ['a name that is too long', { agentId: 'a'.repeat(49) }, 400],
    ['the name of an asset', { agentId: 'camera-1' }, 409],
  ])('makes no code for %s', async (_what, wish, status) => {
    const asset = { id: 'camera-1', kind: 'camera', name: 'x', areaId }
    await admin.request('POST', '/api/v1/assets', asset)
    const body = { name: 'Trạm', areaId, ...wish }
    expect((await admin.request('POST', '/api/v1/claims', body)).status).toBe(status)
  })

  it('lets an agent in by its own secret only', async () => {
    const [one, two] = [await become('agent-one'), await become('agent-two')]
    const secretOf = (who: typeof one) => ({ password: who.secret })
    expect(await until(() => gets(mqtt, one.agentId, secretOf(one)))).toBe('in')
    expect(await gets(mqtt, one.agentId, secretOf(two))).toBe(refused)
    expect(await gets(mqtt, one.agentId)).toBe(refused)
    expect(await gets(mqtt, one.agentId, { password: '' })).toBe(refused)
    expect(await gets(mqtt, 'agent-three', secretOf(one))).toBe(refused)
  })

  it('cuts a revoked agent off at once, and for good', async () => {
    const { agentId, secret } = await become('to-be-revoked')
    const url = hub.url.replace('http', 'ws')
    const client = await until(async () => {
      const dialled = await dial(`${url}/mqtt`, agentId, { password: secret })
      return typeof dialled === 'string' ? undefined : dialled
    })
    const closed = new Promise((resolve) => client.once('close', () => resolve(true)))
    await admin.call('POST', `/api/v1/agents/${agentId}/revoke`)
    await closed
    expect(await gets(mqtt, agentId, { password: secret })).toBe(refused)
    const rotate = await admin.request('POST', `/api/v1/agents/${agentId}/secret`)
    expect(rotate.status).toBe(409)
    const page = await admin.call<{ items: { id: string; state: string; connected: boolean }[] }>(
      'GET',
      '/api/v1/agents?limit=100',
    )
    expect(page.items.find((one) => one.id === agentId)?.state).toBe('revoked')
  })

  it('lets the old secret work until the new one is used', async () => {
    const { agentId, secret: old } = await become('rotating')
    const rotate = () => admin.call<{ secret: string }>('POST', `/api/v1/agents/${agentId}/secret`)
    const isIn = async (password: string) => (await gets(mqtt, agentId, { password })) === 'in'
    await until(() => isIn(old))
    await rotate()
    const { secret: fresh } = await rotate()
    expect(await isIn(old)).toBe(true)
    await until(() => isIn(fresh))
    expect(await isIn(old)).toBe(false)
    await until(async () => {
      const row = await hub.inside.db.read((q) =>
        q.selectFrom('agents').select('previousHash').where('id', '=', agentId).executeTakeFirst(),
      )
      return row?.previousHash === null
    })
    expect(await isIn(fresh)).toBe(true)
  })
})

describe('TLS with a key pair of its own', () => {
  let hub: TestHub
  let admin: Api
  let areaId = ''
  const claim = () => admin.call<Claim>('POST', '/api/v1/claims', { name: 'Trạm', areaId })
  const authority = createAuthority('Công an tỉnh')
  const caFile = join(folder, 'agents-ca.crt')

  beforeAll(async () => {
    writeFileSync(caFile, authority.cert)
    const settings = { ANSANG_HTTPS_PORT: '0', ANSANG_MQTTS_PORT: '0', ANSANG_MQTTS_CA: caFile }
    hub = await startTestHub({ settings })
    admin = await hub.admin()
    areaId = (await makeAreas(admin)).commune
  })
  afterAll(() => hub.end())

  it('keeps the key for itself and the pin for good', async () => {
    const keyFile = join(hub.dataDir, 'https.key')
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    const cert = readFileSync(join(hub.dataDir, 'https.crt'), 'utf8')
    expect(hub.pin).toBe(pinOf(cert))
    const { uri } = await claim()
    const url = new URL(uri)
    expect([url.protocol, url.port]).toEqual(['ansang:', String(hub.ports.https)])
    expect(url.searchParams.get('pin')).toBe(hub.pin)
  })

  it('enrols a real agent by the address of the QR code, and not one that was given another pin', async () => {
    const settings = { dataDir: join(folder, 'agent'), hub: {}, units: [] } as never
    const about = { version: '0.1.0', log: silentLog }
    const { uri } = await claim()
    const wrong = uri.replace(/pin=[\w-]+/, `pin=${pinOf(selfSigned('other').cert)}`)
    await expect(enrolAgent(wrong, settings, about)).rejects.toThrow(/key|pin/i)
    const enrolled = await enrolAgent(uri, settings, about)
    expect(enrolled.url).toBe(`mqtts://127.0.0.1:${hub.ports.mqtts}`)
    const password = readFileSync(join(folder, 'agent', 'agent-secret'), 'utf8').trim()
    await until(async () => (await gets(enrolled.url, enrolled.agentId, { password })) === 'in')
    const overWebSocket = `wss://127.0.0.1:${hub.ports.https}/mqtt`
    expect(await gets(overWebSocket, enrolled.agentId, { password })).toBe('in')
  })

  it('gives no secret over plain HTTP to another machine, and keeps the code', async () => {
    const { code } = await claim()
    const use = (headers: Record<string, string>) =>
      post(`${hub.url}/api/v1/enrolments`, { claim: code }, headers)
    for (const headers of [
      { 'x-forwarded-for': '192.0.2.7' },
      { 'x-forwarded-for': '127.0.0.1, 192.0.2.7' },
      { 'x-forwarded-for': '2001:db8::7' },
      { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'http' },
    ])
      expect(await use(headers)).toMatchObject({
        status: 403,
        body: { code: 'devices.needs-https' },
      })
    const behindProxy = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }
    expect((await use(behindProxy)).status).toBe(201)
    expect(
      (await post(`${hub.url}/api/v1/enrolments`, { claim: (await claim()).code })).status,
    ).toBe(201)
  })

  it('lets an agent in by its own client certificate, and by no other', async () => {
    const { agentId, secret } = await enrol(hub, admin, { areaId, agentId: 'with-certificate' })
    const [own, other, stranger] = [
      authority.sign(agentId),
      authority.sign(agentId),
      selfSigned(agentId),
    ]
    const url = `mqtts://127.0.0.1:${hub.ports.mqtts}`
    const setTo = (cert: string | null) =>
      admin.call('PUT', `/api/v1/agents/${agentId}/certificate`, {
        fingerprint256: cert === null ? null : new X509Certificate(cert).fingerprint256,
      })
    const isIn = async (identity: Signed) => (await gets(url, agentId, { identity })) === 'in'
    await setTo(own.cert)
    await until(() => isIn(own))
    expect([await isIn(other), await isIn(stranger)]).toEqual([false, false])
    expect(await gets(url, 'with-another-name', { identity: own })).toBe(refused)
    // A certificate that nobody vouches for stays without worth, even as the one named.
    await setTo(stranger.cert)
    await until(async () => !(await isIn(own)))
    expect(await isIn(stranger)).toBe(false)
    await setTo(null)
    await until(async () => (await gets(url, agentId, { password: secret })) === 'in')
    expect(await isIn(own)).toBe(false)
  })

  it('refuses a fingerprint that is none', async () => {
    for (const fingerprint256 of ['AB:CD', 'x', 7, undefined]) {
      const path = '/api/v1/agents/with-certificate/certificate'
      expect((await admin.request('PUT', path, { fingerprint256 })).status).toBe(400)
    }
  })

  it('says which file is no certificate, and which key is of another one', async () => {
    const [one, two] = [selfSigned('one'), selfSigned('two')]
    const files = { cert: join(folder, 'x.crt'), key: join(folder, 'x.key') }
    const settings = {
      ANSANG_HTTPS_PORT: '0',
      ANSANG_HTTPS_CERT: files.cert,
      ANSANG_HTTPS_KEY: files.key,
    }
    writeFileSync(files.cert, one.cert)
    writeFileSync(files.key, two.key)
    await expect(startTestHub({ settings })).rejects.toThrow(/x\.key is not the private key/)
    writeFileSync(files.key, 'no key at all')
    await expect(startTestHub({ settings })).rejects.toThrow(/in PEM, without a passphrase/)
    writeFileSync(files.key, one.key)
    const hub = await startTestHub({ settings })
    expect(hub.pin).toBe(pinOf(one.cert))
    await hub.end()
  })
})
