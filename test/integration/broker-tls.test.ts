import net from 'node:net'
import tls from 'node:tls'
import mqtt from 'mqtt'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { BrokerPorts } from '../../broker/broker.ts'
import { minutes } from '../../src/core/clock.ts'
import { type BrokerUnderTest, here, numbers, startBroker, warnings } from '../support/broker.ts'
import {
  type Authority,
  createAuthority,
  type Signed,
  selfSigned,
} from '../support/certificates.ts'
import { publishPacket, type RawMqtt, speakMqtt } from '../support/raw-mqtt.ts'
import { until } from '../support/until.ts'

let ours: Authority
let theirs: Authority
let server: Signed
let device: Signed

beforeAll(() => {
  ours = createAuthority('An Sang test authority')
  theirs = createAuthority('Another authority')
  server = ours.sign('hub')
  device = ours.sign('agent-1')
})

let hub: BrokerUnderTest
let asked: Parameters<BrokerPorts['identify']>[0][]
let open: RawMqtt[] = []
afterEach(async () => {
  for (const one of open) one.end()
  open = []
  await hub.broker.close()
})

const begin = async (change: { ca?: string; limits?: { connectTimeoutMs: number } } = {}) => {
  const { limits, ...material } = change
  asked = []
  hub = await startBroker({
    tls: { ...here, ...server, ...material },
    ...(limits ? { limits } : {}),
    ports: {
      identify: async (who) => {
        asked.push(who)
        const known = who.certificate?.commonName === who.clientId || who.password === 'right'
        return known ? { agentId: who.clientId } : { refused: 'unknown' }
      },
    },
  })
}
const dialTls = (options: tls.ConnectionOptions = {}) => {
  const socket = tls.connect({
    port: hub.broker.tlsPort ?? 0,
    host: '127.0.0.1',
    ca: ours.cert,
    ...options,
  })
  const one = speakMqtt(socket)
  open.push(one)
  return one
}
const secret = { clientId: 'agent-1', username: 'agent-1', password: Buffer.from('right') }

describe('on the TLS port', () => {
  test('a secret lets in without a certificate', async () => {
    await begin({ ca: ours.cert })
    expect(await dialTls().connect(secret)).toBe(0)
    expect(asked[0]).not.toHaveProperty('certificate')
  })

  test('a certificate of our authority lets in', async () => {
    await begin({ ca: ours.cert })
    const agent = dialTls(device)
    expect(await agent.connect({ clientId: 'agent-1' })).toBe(0)
    const fingerprint256 = expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(asked[0]?.certificate).toEqual({ commonName: 'agent-1', fingerprint256 })
    agent.send(publishPacket('ansang/1/agent-1/birth', { id: 1 }))
    await until(() => agent.acks().length === 1)
  })

  test.each([
    ['signed by itself', () => selfSigned('agent-1')],
    ['of another authority', () => theirs.sign('agent-1')],
  ])('a certificate %s with the right name is worth nothing', async (_name, make) => {
    await begin({ ca: ours.cert })
    const thief = dialTls(make())
    expect(await thief.connect({ clientId: 'agent-1' })).toBe(4)
    await thief.closed()
    expect(asked[0]).not.toHaveProperty('certificate')
    expect(hub.counts['certificate-not-authorised']).toBe(1)
    expect(hub.presence).toEqual([])
  })

  test('without an authority of ours no certificate counts, not even of a public one', async () => {
    const publicOnes = tls.getCACertificates('default')
    tls.setDefaultCACertificates([...publicOnes, ours.cert])
    try {
      await begin()
      expect(await dialTls(device).connect({ clientId: 'agent-1' })).toBe(4)
    } finally {
      tls.setDefaultCACertificates(publicOnes)
    }
    expect(asked[0]).not.toHaveProperty('certificate')
  })

  test('a certificate does not count for another agent', async () => {
    await begin({ ca: ours.cert })
    expect(await dialTls(device).connect({ clientId: 'agent-2' })).toBe(4)
  })

  test('a refusal arrives before the end, each time', async () => {
    await begin()
    for (const _round of numbers(10)) {
      const one = dialTls()
      expect(await one.connect({ clientId: 'agent-1' })).toBe(4)
      await one.closed()
    }
  })

  test('a large packet in many records arrives, and so do those that are cut by them', async () => {
    await begin({ ca: ours.cert })
    const agent = dialTls()
    await agent.connect(secret)
    for (const id of numbers(20)) {
      const payload = Buffer.alloc(id % 2 ? 200 * 1024 : 100)
      agent.send(publishPacket('ansang/1/agent-1/telemetry', { id, payload }))
    }
    await until(() => agent.acks().length === 20)
    expect(agent.acks()).toEqual(numbers(20))
  })

  test('plain MQTT and noise are counted and end', async () => {
    await begin()
    const stranger = speakMqtt(net.connect({ port: hub.broker.tlsPort ?? 0, host: '127.0.0.1' }))
    open.push(stranger)
    stranger.write('GET / HTTP/1.1\r\n\r\n')
    await stranger.closed()
    expect(hub.counts['tls-failed']).toBe(1)
    expect(warnings(hub)).toMatchObject([{ happening: 'tls-failed' }])
  })

  test('old TLS is refused', async () => {
    await begin()
    const stranger = dialTls({
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL@SECLEVEL=0',
    })
    await stranger.closed()
    expect(hub.presence).toEqual([])
  })

  test('a handshake that never comes ends', async () => {
    await begin({ limits: { connectTimeoutMs: 100 } })
    const stranger = speakMqtt(net.connect({ port: hub.broker.tlsPort ?? 0, host: '127.0.0.1' }))
    open.push(stranger)
    await stranger.closed()
    expect(hub.counts['tls-failed']).toBe(1)
  })

  test('closing does not wait for a handshake', async () => {
    await begin({ limits: { connectTimeoutMs: minutes(30) } })
    const stranger = net.connect({ port: hub.broker.tlsPort ?? 0, host: '127.0.0.1' })
    stranger.on('error', () => {})
    await new Promise((resolve) => stranger.once('connect', resolve))
    await hub.broker.close()
    await until(() => stranger.closed)
  })
})

describe('reloading certificates', () => {
  const serverOf = (one: RawMqtt) => (one.conn as tls.TLSSocket).getPeerCertificate().subject.CN

  test('keeps the open sessions and serves the new ones with the new certificate', async () => {
    await begin({ ca: ours.cert })
    const before = dialTls()
    await before.connect(secret)
    hub.broker.reloadTls({ ...theirs.sign('new-hub'), ca: theirs.cert })
    const after = dialTls({ ca: theirs.cert, ...theirs.sign('agent-2') })
    expect(await after.connect({ clientId: 'agent-2' })).toBe(0)
    expect([serverOf(before), serverOf(after)]).toEqual(['hub', 'new-hub'])
    const old = dialTls({ ca: theirs.cert, ...ours.sign('agent-3') })
    expect(await old.connect({ clientId: 'agent-3' })).toBe(4)
    before.send(publishPacket('ansang/1/agent-1/birth', { id: 1 }))
    await until(() => before.acks().length === 1)
    expect(hub.broker.connectedCount()).toBe(2)
  })

  test('with bad material throws and changes nothing', async () => {
    await begin({ ca: ours.cert })
    expect(() => hub.broker.reloadTls({ key: 'nonsense', cert: 'nonsense' })).toThrow()
    expect(await dialTls(device).connect({ clientId: 'agent-1' })).toBe(0)
  })

  test('can begin to trust an authority that was not there at the start', async () => {
    await begin()
    hub.broker.reloadTls({ ...server, ca: ours.cert })
    expect(await dialTls(device).connect({ clientId: 'agent-1' })).toBe(0)
  })
})

test('a real MQTT.js agent comes in by its certificate', async () => {
  await begin({ ca: ours.cert })
  const client = await mqtt.connectAsync({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port: hub.broker.tlsPort ?? 0,
    clientId: 'agent-1',
    ca: ours.cert,
    ...device,
  })
  await client.publishAsync('ansang/1/agent-1/birth', '{}', { qos: 1 })
  expect(hub.accepted).toMatchObject([{ agentId: 'agent-1', channel: 'birth' }])
  await client.endAsync()
})
