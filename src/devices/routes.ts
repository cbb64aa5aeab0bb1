import { z } from 'zod'
import { type Attempts, addressKey } from '../access/attempts.ts'
import { Id } from '../contract/api/common.ts'
import { Claim, Enrolled, Enrolment, NewClaim, NewSecret } from '../contract/api/register.ts'
import type { Clock } from '../core/clock.ts'
import { Problem } from '../core/problem.ts'
import { type App, actorOf } from '../http/server.ts'
import type { Devices } from './store.ts'

type Ports = {
  devices: Devices
  clock: Clock
  /** How often an address may try a claim code in vain. */
  tries: Pick<Attempts, 'take' | 'giveBack'>
  /** The hub has an HTTPS listener: secrets leave it by nothing else, but for this machine. */
  needsHttps: () => boolean
  /** What the QR carries beside the code: HTTPS address and the pin of its key. */
  enrolmentUri: (code: string) => string
  mqttUrl: () => string
}

const tags = ['agents']
const params = z.object({ id: Id })
const write = { permission: 'agent:write' } as const

/** By TLS (ours or that of a proxy on this machine), or from this very machine. */
const isProtected = ({ protocol, ip }: { protocol: string; ip: string }): boolean =>
  protocol === 'https' || ip === '::1' || /^(::ffff:)?127\./.test(ip)

export function deviceRoutes(
  app: App,
  { devices, clock, tries, needsHttps, enrolmentUri, mqttUrl }: Ports,
): void {
  app.post(
    '/api/v1/claims',
    { config: write, schema: { tags, body: NewClaim, response: { 201: Claim } } },
    async (request, reply) => {
      const { code, expiresAt } = await devices.claim(actorOf(request), request.body)
      return reply
        .status(201)
        .send({ code, uri: enrolmentUri(code), expiresAt: new Date(expiresAt).toISOString() })
    },
  )
  app.post(
    '/api/v1/enrolments',
    {
      config: { permission: 'public' },
      schema: { tags, body: Enrolment, response: { 201: Enrolled } },
    },
    async (request, reply) => {
      if (needsHttps() && !isProtected(request)) {
        throw new Problem(
          'devices.needs-https',
          'come by HTTPS: the code and the secret would cross the network unprotected',
        )
      }
      const address = addressKey(request.ip)
      const waitMs = tries.take(address, clock.now())
      if (waitMs > 0) {
        throw new Problem('request.too-many', `too many tries; wait ${Math.ceil(waitMs / 1000)} s`)
      }
      const { claim, version } = request.body
      const enrolled = await devices.enrol(claim, { version })
      tries.giveBack(address, clock.now())
      return reply.status(201).send({ ...enrolled, mqtt: { url: mqttUrl() } })
    },
  )
  app.post(
    '/api/v1/agents/:id/secret',
    { config: write, schema: { tags, params, response: { 200: NewSecret } } },
    async (request) => ({ secret: await devices.rotate(actorOf(request), request.params.id) }),
  )
  app.put(
    '/api/v1/agents/:id/certificate',
    {
      config: write,
      schema: {
        tags,
        params,
        body: z.object({
          fingerprint256: z
            .string()
            .regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
            .nullable(),
        }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await devices.setCertificate(actorOf(request), request.params.id, request.body.fingerprint256)
      return reply.status(204).send(null)
    },
  )
  app.post(
    '/api/v1/agents/:id/revoke',
    { config: write, schema: { tags, params, response: { 204: z.null() } } },
    async (request, reply) => {
      await devices.revoke(actorOf(request), request.params.id)
      return reply.status(204).send(null)
    },
  )
}
