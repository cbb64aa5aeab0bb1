import { readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { completeConfig, parseSettings } from '../../agents/runtime/config.ts'
import { pinOf } from '../../agents/runtime/dial.ts'
import { enrol, readEnrolment } from '../../agents/runtime/enrol.ts'
import type { BrokerPorts } from '../../broker/broker.ts'
import { createManualClock, minutes, systemClock } from '../../src/core/clock.ts'
import { createLog, silentLog } from '../../src/core/log.ts'
import {
  agentConfig,
  agentId,
  fakeUnit,
  heardOn,
  startAgent,
  temporaryFolder,
} from '../support/agent.ts'
import { here, portOf, startBroker } from '../support/broker.ts'
import { createAuthority, selfSigned } from '../support/certificates.ts'
import { until } from '../support/until.ts'

const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')

type Hub = Awaited<ReturnType<typeof startBroker>>
async function hub(options: Parameters<typeof startBroker>[0] = {}): Promise<Hub> {
  const started = await startBroker(options)
  onTestFinished(() => started.broker.close())
  return started
}

describe('the line to the hub', () => {
  test('signs in with the name and the stored secret, and reads a rotated one', async () => {
    const asked: unknown[] = []
    let right = 'another secret'
    const { port, accepted } = await hub({
      ports: {
        identify: async ({ clientId, username, password }) => {
          asked.push([clientId, username, password])
          return password === right ? { agentId } : { refused: 'wrong secret' }
        },
      },
    })
    const clock = createManualClock(Date.UTC(2026, 10, 24))
    const config = agentConfig(temporaryFolder(), port)
    await startAgent({ config, clock, collectors: [fakeUnit(clock)] })
    await until(() => asked.length === 1)
    expect(asked[0]).toEqual([agentId, agentId, 'a-secret-of-this-agent'])
    // A refusal is not hammered: half a minute at the earliest... and no more than the step.
    await clock.live(14_000)
    expect(asked).toHaveLength(1)
    right = 'a-secret-of-this-agent'
    await until(async () => {
      await clock.live(1000)
      return heardOn(accepted, 'birth').length === 1
    })
  })

  test('backs off from a hub that kicks it after each successful connect', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 24))
    let connects = 0
    const started: Hub = await hub({
      ports: {
        present: (_agent, _session, connected) => {
          if (connected) connects += 1
        },
        accept: (_record, done) => {
          done()
          started.broker.disconnect(agentId, 'go away')
        },
      },
    })
    const config = agentConfig(temporaryFolder(), started.port)
    await startAgent({ config, clock, collectors: [fakeUnit(clock)], random: () => 0.999 })
    const beginning = clock.monotonic()
    await until(
      async () => {
        // Time passes only between connections.
        if (!started.broker.isConnected(agentId)) await clock.live(500)
        return clock.monotonic() - beginning > minutes(10)
      },
      { everyMs: 1, timeoutMs: 30_000 },
    )
    // 1+2+4+…+32 s, then once a minute.
    expect(connects).toBeGreaterThan(8)
    expect(connects).toBeLessThan(20)
  })

  test('comes back by itself after the hub was away, and says its birth again', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 24))
    const first = await startBroker()
    const config = agentConfig(temporaryFolder(), first.port)
    await startAgent({ config, clock, collectors: [fakeUnit(clock)] })
    await until(() => heardOn(first.accepted, 'birth').length > 0)
    const { port } = first
    await first.broker.close()
    const second = await hub({ tcp: { host: '127.0.0.1', port } })
    await until(async () => {
      await clock.live(1000)
      return heardOn(second.accepted, 'birth').length > 0
    })
    const [birth] = heardOn(second.accepted, 'birth')
    expect(birth?.id[1]).toBeGreaterThan(heardOn(first.accepted, 'birth')[0]?.id[1] ?? 0)
  })

  test('goes on for ever beside a port that speaks something else', async () => {
    const silent = createTcpServer((socket) => socket.end('SSH-2.0\r\n'))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const clock = createManualClock(Date.UTC(2026, 10, 24))
    const unit = fakeUnit(clock)
    const config = agentConfig(temporaryFolder(), portOf(silent))
    const agent = await startAgent({ config, clock, collectors: [unit] })
    await clock.live(minutes(5))
    expect(unit.polls()).toBeGreaterThan(4)
    expect(agent.status()).toMatchObject({ connected: false })
  })
})

describe('TLS', () => {
  const tlsHub = async (
    signed: { key: string; cert: string },
    ports: Partial<BrokerPorts> = {},
  ) => {
    const started = await hub({ tls: { ...here, ...signed }, ports })
    return { ...started, url: `mqtts://127.0.0.1:${started.broker.tlsPort}` }
  }

  test('trusts an authority, and no other', async () => {
    const authority = createAuthority('Tỉnh')
    const { url, accepted } = await tlsHub(authority.sign('hub'))
    const dataDir = temporaryFolder()
    const start = async (ca: string) => {
      writeFileSync(join(dataDir, 'ca.pem'), ca)
      const config = agentConfig(dataDir, 0, { hub: { url, ca: join(dataDir, 'ca.pem') } })
      return startAgent({ config, clock: systemClock, collectors: [], random: () => 0 })
    }
    const good = await start(authority.cert)
    await until(() => heardOn(accepted, 'birth').length === 1)
    await good.stop()
    const lines: string[] = []
    const config = agentConfig(dataDir, 0, { hub: { url, ca: join(dataDir, 'ca.pem') } })
    writeFileSync(join(dataDir, 'ca.pem'), selfSigned('Người lạ').cert)
    const log = createLog({ to: { write: (line) => lines.push(line) } })
    await startAgent({ config, clock: systemClock, collectors: [], log })
    await until(() => lines.some((line) => /not connected/.test(line)))
    expect(heardOn(accepted, 'birth')).toHaveLength(1)
  })

  test('trusts the pinned key alone, and sends nothing to another', async () => {
    const signed = selfSigned('hub')
    const asked: string[] = []
    const { url, accepted } = await tlsHub(signed, {
      identify: async ({ clientId }) => {
        asked.push(clientId)
        return { agentId: clientId }
      },
    })
    const right = pinOf(derOf(signed.cert))
    const wrong = pinOf(derOf(selfSigned('người lạ').cert))
    const start = (pin: string, log = silentLog) =>
      startAgent({
        log,
        config: agentConfig(temporaryFolder(), 0, { hub: { url, pin } }),
        clock: systemClock,
        collectors: [],
      })
    await start(right)
    await until(() => heardOn(accepted, 'birth').length === 1)
    const before = asked.length
    const lines: string[] = []
    const log = createLog({ to: { write: (line) => lines.push(line) } })
    await start(wrong, log)
    await until(() => lines.some((line) => /not the pinned one/.test(line)))
    expect([asked.length, heardOn(accepted, 'birth').length]).toEqual([before, 1])
  })
})

describe('enrolment', () => {
  const answer = { agentId, secret: 's'.repeat(43), mqtt: { url: 'mqtts://127.0.0.1:8883' } }

  async function enrolmentServer(respond: RequestListener) {
    const signed = selfSigned('hub')
    const bodies: string[] = []
    const server = createServer(signed, (request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        bodies.push(`${request.method} ${request.url} ${body}`)
        respond(request, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const uriWith = (pin: string) => `ansang://127.0.0.1:${portOf(server)}/?pin=${pin}&claim=C-42`
    return { bodies, uri: uriWith(pinOf(derOf(signed.cert))), uriWith }
  }
  const settings = (change = {}) =>
    parseSettings({ hub: {}, dataDir: temporaryFolder(), units: [], ...change })
  const about = { version: '1.2.3', log: silentLog }

  test('trades the code for a name and a secret that only the owner may read', async () => {
    const { uri, bodies } = await enrolmentServer((_, response) =>
      response.writeHead(201).end(JSON.stringify(answer)),
    )
    const mine = settings()
    await enrol(uri, mine, about)
    expect(bodies).toEqual(['POST /api/v1/enrolments {"claim":"C-42","version":"1.2.3"}'])
    const config = completeConfig(mine, readEnrolment(mine.dataDir))
    expect(config).toMatchObject({ agentId, hub: { url: answer.mqtt.url } })
    expect(readFileSync(config.hub.secretFile, 'utf8')).toBe(`${answer.secret}\n`)
  })

  test('never tells the code to a server with another key', async () => {
    const { uriWith, bodies } = await enrolmentServer((_, response) => response.end('{}'))
    const pin = pinOf(derOf(selfSigned('người lạ').cert))
    await expect(enrol(uriWith(pin), settings(), about)).rejects.toThrow(/not the pinned one/)
    expect(bodies).toEqual([])
  })

  test("passes the hub's refusal on, and stores nothing", async () => {
    const { uri } = await enrolmentServer((_, response) =>
      response.writeHead(403).end(JSON.stringify({ title: 'No', detail: 'claim code is used' })),
    )
    const mine = settings()
    await expect(enrol(uri, mine, about)).rejects.toThrow(/claim code is used/)
    expect(readEnrolment(mine.dataDir)).toBeUndefined()
  })

  test('keeps the secret even if the hub knows the agent by another name, and says so', async () => {
    const { uri } = await enrolmentServer((_, response) =>
      response.writeHead(201).end(JSON.stringify(answer)),
    )
    const mine = settings({ agentId: 'something-else' })
    await expect(enrol(uri, mine, about)).rejects.toThrow(/knows this agent as xa-tan-phu-01/)
    expect(readFileSync(join(mine.dataDir, 'agent-secret'), 'utf8')).toContain(answer.secret)
  })
})
