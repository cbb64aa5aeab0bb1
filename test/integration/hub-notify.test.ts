import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { minutes, seconds } from '../../src/core/clock.ts'
import { withTables } from '../../src/db/database.ts'
import { lastSeq } from '../../src/db/events.ts'
import type { DbTables } from '../../src/db/schema.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import { type HubRig, type RigAgent, recorderOf, startHubRig } from '../support/hub-rig.ts'

type Call = {
  id: string
  signature: string
  body: string
  kind: string
  code: string
  children: number
}
type Mail = { to: string[]; text: string }

/** A receiver that answers what the test says. */
async function startReceiver() {
  const calls: Call[] = []
  const answers: number[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const { kind, code, children } = JSON.parse(body)
      const id = String(request.headers['x-ansang-delivery'])
      const signature = String(request.headers['x-ansang-signature'])
      calls.push({ id, signature, body, kind, code, children })
      response.writeHead(answers.shift() ?? 200).end('thanks')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { calls, answers, url: `http://127.0.0.1:${port}/hook`, close: () => server.close() }
}

async function startMailServer() {
  const mails: Mail[] = []
  const state = { refuse: 0 }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: (_address, _session, done) => {
      if (state.refuse === 0) return done()
      done(Object.assign(new Error('no'), { responseCode: state.refuse }))
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map((one) => one.address)
        mails.push({ to, text: Buffer.concat(chunks).toString() })
        done()
      })
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    mails,
    state,
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  }
}

type Delivery = {
  id: string
  state: string
  kind: string
  attempts: number
  lastError: string | null
}

describeOnBoth('telling people', (newSettings) => {
  let rig: HubRig
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let mail: Awaited<ReturnType<typeof startMailServer>>
  let agent: RigAgent
  let secret: string

  beforeEach(async () => {
    receiver = await startReceiver()
    mail = await startMailServer()
    rig = await startHubRig({
      ...(await newSettings()),
      ANSANG_SMTP_URL: mail.url,
      ANSANG_SMTP_FROM: 'hub@ansang.example',
    })
    agent = await rig.agent('agent-a', { inventory: recorderOf(16), maySilent: true })
    const target = await rig.api.call<{ signingSecret: string }>('POST', '/api/v1/notify/targets', {
      ...{ name: 'Trực ban', kind: 'webhook', address: receiver.url, language: 'en' },
    })
    secret = target.signingSecret
  })
  afterEach(async () => {
    await rig.end()
    receiver.close()
    await mail.close()
  })

  const offline = (part: string, severity?: 'critical') => ({
    ...{ unit: 'nvr1', part, code: 'channel-offline' },
    ...{ since: new Date(rig.clock.now()).toISOString(), ...(severity ? { severity } : {}) },
  })
  const say = async (...active: object[]) => {
    await agent.wire.send('conditions', { rules: 1, active: active as never, unknown: [] })
    await rig.settled()
  }
  const deliveries = async () =>
    (await rig.api.call<{ items: Delivery[] }>('GET', '/api/v1/notify/deliveries')).items
  /** Every event so far is planned, and every message told or given up. */
  const done = () =>
    rig.live(async () => {
      const { db } = rig.hub.inside
      const [last, cursor] = await db.read(async (q) => [
        await lastSeq(q),
        await withTables<DbTables>(q)
          .selectFrom('eventCursors')
          .select('seq')
          .where('name', '=', 'notify')
          .executeTakeFirst(),
      ])
      if ((cursor?.seq ?? 0) < last) return false
      return (await deliveries()).every((one) => one.state !== 'waiting')
    }, 'all to be told')
  const told = () => receiver.calls.map(({ kind, code }) => `${kind} ${code}`)

  it('sends one signed message for one alert, and one for its end', async () => {
    await say(offline('ch:1'))
    await say(offline('ch:1'))
    await done()
    await rig.clock.live(minutes(3))
    expect(told()).toEqual(['opened channel-offline'])
    const [call] = receiver.calls
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(call?.signature ?? '') ?? []
    expect(createHmac('sha256', secret).update(`${t}.${call?.body}`).digest('hex')).toBe(v1)
    expect(JSON.parse(call?.body ?? '{}')).toMatchObject({
      ...{ id: call?.id, assetName: 'agent-a nvr1 ch:1', areaName: 'Xã An Bình' },
    })
    await say()
    await done()
    expect(told()).toEqual(['opened channel-offline', 'resolved channel-offline'])
  })

  it('tells nobody of what has ended within the group wait, nor of its end', async () => {
    await say(offline('ch:1'))
    await rig.clock.live(seconds(5))
    await say()
    await rig.clock.live(minutes(2))
    await done()
    expect(receiver.calls).toEqual([])
    expect((await deliveries()).map((one) => one.state)).toEqual(['skipped', 'skipped'])
  })

  it('makes one message of a recorder that takes sixteen channels with it', async () => {
    const since = new Date(rig.clock.now()).toISOString()
    const channels = Array.from({ length: 16 }, (_, i) => offline(`ch:${i + 1}`))
    await say(...channels)
    await say(...channels, { unit: 'nvr1', part: '', code: 'recorder-unreachable', since })
    await done()
    await rig.clock.live(minutes(2))
    expect(receiver.calls.map(({ code, children }) => [code, children])).toEqual([
      ['recorder-unreachable', 16],
    ])
    await say()
    await done()
    expect(told()).toEqual(['opened recorder-unreachable', 'resolved recorder-unreachable'])
  })

  it('tells of what stays when its cause has ended', async () => {
    const since = new Date(rig.clock.now()).toISOString()
    await say(offline('ch:1'), { unit: 'nvr1', part: '', code: 'recorder-unreachable', since })
    await done()
    await say(offline('ch:1'))
    await done()
    expect(told()).toEqual([
      'opened recorder-unreachable',
      expect.stringContaining(' '),
      expect.stringContaining(' '),
    ])
    expect(told().toSorted()).toEqual([
      'opened channel-offline',
      'opened recorder-unreachable',
      'resolved recorder-unreachable',
    ])
  })

  it('says once what grows worse while it waits, and again what grows worse later', async () => {
    await say(offline('ch:1'))
    await rig.clock.live(seconds(2))
    await say({ ...offline('ch:1'), severity: 'critical' })
    await done()
    await rig.clock.live(minutes(2))
    expect(told()).toEqual(['opened channel-offline'])
    await say(offline('ch:1', 'critical'), offline('ch:2'))
    await done()
    // What happens in the very millisecond of a message counts as said in it.
    await rig.clock.live(seconds(1))
    await say(offline('ch:1', 'critical'), offline('ch:2', 'critical'))
    await done()
    expect(told()).toEqual([
      'opened channel-offline',
      'opened channel-offline',
      'raised channel-offline',
    ])
  })

  it('does not repeat itself to who knows, when a fault comes and goes', async () => {
    await say(offline('ch:1'))
    await done()
    for (let i = 0; i < 3; i += 1) {
      await say()
      await rig.clock.live(seconds(3))
      await say(offline('ch:1'))
      await done()
    }
    expect(told()).toEqual(['opened channel-offline'])
  })

  it('tries again after a 500, with the same id, and gives up on a 410', async () => {
    receiver.answers.push(500, 503)
    await say(offline('ch:1'))
    await done()
    expect(receiver.calls).toHaveLength(3)
    expect(new Set(receiver.calls.map((call) => call.id)).size).toBe(1)
    expect((await deliveries())[0]).toMatchObject({ state: 'sent', attempts: 3, lastError: null })
    receiver.answers.push(410)
    await say(offline('ch:1'), offline('ch:2'))
    await done()
    expect(receiver.calls).toHaveLength(4)
    expect((await deliveries())[0]).toMatchObject({
      ...{ state: 'failed', attempts: 1, lastError: 'answered 410' },
    })
    await say(offline('ch:1'))
    await done()
    expect(receiver.calls).toHaveLength(4)
  })

  it('gives up after eight tries, and survives a receiver that is not there', async () => {
    receiver.close()
    await say(offline('ch:1'))
    await rig.clock.live(minutes(1))
    await rig.live(async () => {
      await rig.clock.live(minutes(10))
      return (await deliveries())[0]?.state === 'failed'
    })
    expect((await deliveries())[0]).toMatchObject({ attempts: 8 })
  })

  it('repeats with the same id what was sent and not written down', async () => {
    await say(offline('ch:1'))
    await done()
    // As a hub leaves it that is killed between the sending and the commit.
    await rig.hub.inside.db.write(async (tx) => {
      await tx
        .updateTable('deliveries')
        .set({ state: 'waiting', sentAt: null, attempts: 0, nextAt: rig.clock.now() + minutes(2) })
        .execute()
    })
    await rig.restart(minutes(1))
    await rig.live(async () => receiver.calls.length === 2, 'the message to be repeated')
    expect(new Set(receiver.calls.map((call) => call.id)).size).toBe(1)
  })

  it('writes mail in the language and for the area of its reader', async () => {
    const add = (name: string, areaId: string | null, more: object = {}) =>
      rig.api.call('POST', '/api/v1/notify/targets', {
        ...{ name, kind: 'email', address: `${name}@example.vn`, areaId, ...more },
      })
    await add('xa', rig.areas.commune)
    await add('other', rig.areas.other)
    await add('province', rig.areas.province, { language: 'en' })
    await add('critical', null, { minSeverity: 'critical' })
    await say(offline('ch:1'))
    await done()
    expect(mail.mails.map((one) => one.to.join()).toSorted()).toEqual([
      'province@example.vn',
      'xa@example.vn',
    ])
    const ids = (await deliveries()).map((one) => `Message-ID: <${one.id}@ansang>`)
    for (const one of mail.mails) expect(ids.some((id) => one.text.includes(id))).toBe(true)
    mail.state.refuse = 550
    await say(offline('ch:1'), offline('ch:2'))
    await done()
    expect((await deliveries()).filter((one) => one.state === 'failed')).toHaveLength(2)
  })

  it('lets two hubs on one database send a row once', async () => {
    const { db } = rig.hub.inside
    const { startSender } = await import('../../src/notify/sender.ts')
    const { silentLog } = await import('../../src/core/log.ts')
    const sent: string[] = []
    const options = {
      ...{ db, clock: rig.clock, log: silentLog, timeZone: 'Asia/Ho_Chi_Minh', count: () => {} },
      ...{ keyring: { unseal: () => 'x' } as never, publicUrl: () => 'http://hub' },
      channels: { webhook: { send: async ({ id }: { id: string }) => void sent.push(id) } },
    }
    const others = [startSender(options), startSender(options)]
    await say(...Array.from({ length: 16 }, (_, i) => offline(`ch:${i + 1}`)))
    await done()
    await Promise.all(others.map((one) => one.stop()))
    expect(new Set([...sent, ...receiver.calls.map((call) => call.id)]).size).toBe(16)
    expect(sent.length + receiver.calls.length).toBe(16)
  })
})
