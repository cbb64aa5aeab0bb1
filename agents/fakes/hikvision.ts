import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../../src/core/clock.ts'
import { createDigestDoor, type DoorAnswer, type DoorRules, usualRules } from './digest-door.ts'
import { type Dialect, isapiDocument, isapiPage, usualDialect } from './hikvision-xml.ts'
import { type Reply, sendReply, type Transport } from './http-manners.ts'
import type { RecorderModel } from './recorder-model.ts'

/**
 * A recorder on a real socket: ISAPI over HTTP with digest, lock-out and the bad habits of the
 * field. Model, door and manners are plain objects that may be changed while it runs; it keeps a
 * log of what it was asked, so that a test can count logins.
 */
export type Manners = {
  transport: Transport
  /** Refusals of an answered challenge come a byte a second, whatever the transport. */
  slowRefusals: boolean
  /** Refusals by path prefix, given after the login. */
  pages: Record<string, 'notSupport' | 'lowPrivilege' | 'busy' | 'gone'>
  dialect: Dialect
}

export type FakeRequest = {
  at: number
  path: string
  login: 'none' | 'accepted' | 'rejected' | 'stale'
}

export type HikvisionFake = {
  url: string
  model: RecorderModel
  rules: DoorRules
  manners: Manners
  /** The last requests, at most 1000. */
  log: FakeRequest[]
  counts: { requests: number; answered: number; rejected: number; mostOpen: number }
  /** TCP connections open now. */
  open: () => number
  isLocked: () => boolean
  unlock: () => void
  /** Off: the port is closed and every connection cut; on: the same port again. */
  power: (on: boolean) => Promise<void>
  close: () => Promise<void>
}

export async function createHikvisionFake(options: {
  model: RecorderModel
  clock: Clock
  rules?: Partial<DoorRules>
  manners?: Partial<Manners>
  port?: number
}): Promise<HikvisionFake> {
  const { model, clock } = options
  const rules = { ...usualRules, ...options.rules }
  const manners: Manners = {
    transport: 'well',
    slowRefusals: false,
    pages: {},
    dialect: { ...usualDialect },
    ...options.manners,
  }
  const door = createDigestDoor(rules, clock)
  const log: FakeRequest[] = []
  const counts = { requests: 0, answered: 0, rejected: 0, mostOpen: 0 }

  const note = (path: string, login: FakeRequest['login']) => {
    counts.requests += 1
    if (login !== 'none') counts.answered += 1
    if (login === 'rejected') counts.rejected += 1
    log.push({ at: clock.now(), path, login })
    if (log.length > 1000) log.shift()
  }
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/'
    const seen = door.admit(request.method ?? 'GET', request.headers.authorization)
    note(path, seen.kind === 'out' ? seen.login : 'accepted')
    const reply = replyTo({ path, seen, model, manners, rules, now: clock.now() })
    const isSlow = manners.slowRefusals && seen.kind === 'out' && seen.login !== 'none'
    sendReply({ response, reply, transport: isSlow ? 'trickle' : manners.transport, clock })
  }
  const host = createHost(handle, counts)
  await host.listen(options.port ?? 0)
  const port = host.port()
  return {
    url: `http://127.0.0.1:${port}`,
    model,
    rules,
    manners,
    log,
    counts,
    open: host.open,
    isLocked: door.isLocked,
    unlock: door.unlock,
    power: (on) => (on ? host.listen(port) : host.stop()),
    close: host.stop,
  }
}

/** A server that can be switched off and on again at its port. */
function createHost(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  counts: { mostOpen: number },
) {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const listen = async (wanted: number) => {
    if (server) return
    const next = createServer(handle)
    next.on('connection', (socket) => {
      sockets.add(socket)
      counts.mostOpen = Math.max(counts.mostOpen, sockets.size)
      socket.on('error', () => {})
      socket.once('close', () => sockets.delete(socket))
    })
    server = next
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject)
      next.listen(wanted, '127.0.0.1', resolve)
    })
    port = (next.address() as AddressInfo).port
  }
  const stop = async () => {
    const last = server
    server = undefined
    for (const socket of sockets) socket.destroy()
    if (last) await new Promise((resolve) => last.close(resolve))
  }
  return { listen, stop, port: () => port, open: () => sockets.size }
}

type Asked = {
  path: string
  seen: DoorAnswer
  model: RecorderModel
  manners: Manners
  rules: DoorRules
  now: number
}

const xml = (status: number, body: string): Reply => ({
  status,
  headers: { 'content-type': 'application/xml; charset="UTF-8"' },
  body,
})

function replyTo({ path, seen, model, manners, rules, now }: Asked): Reply {
  const { dialect } = manners
  if (seen.kind === 'out') return refusal(seen, { rules, dialect })
  const rule = Object.entries(manners.pages).find(([prefix]) => path.startsWith(prefix))?.[1]
  if (rule === 'gone') return { status: 404, headers: {}, body: '' }
  if (rule === 'busy') return xml(503, responseStatus(path, 'deviceBusy', dialect))
  if (rule) return xml(403, responseStatus(path, rule, dialect))
  const body = isapiPage(path, model, { now, dialect })
  return body === undefined ? xml(403, responseStatus(path, 'notSupport', dialect)) : xml(200, body)
}

const responseStatus = (path: string, code: string, dialect: Dialect): string =>
  isapiDocument(
    'ResponseStatus',
    `<requestURL>${path}</requestURL><statusCode>4</statusCode><statusString>Invalid Operation</statusString><subStatusCode>${code}</subStatusCode>`,
    dialect,
  )

function refusal(
  seen: DoorAnswer & { kind: 'out' },
  { rules, dialect }: { rules: DoorRules; dialect: Dialect },
): Reply {
  const { check } = seen
  const isStale = seen.login === 'stale' && rules.staleByStatus
  const headers = isStale
    ? seen.headers.map((line) => line.replace('stale="TRUE"', 'stale="FALSE"'))
    : seen.headers
  const body = isStale
    ? responseStatus('/', 'invalidOperation', dialect)
    : check
      ? isapiDocument('userCheck', userCheck(check), dialect)
      : ''
  return { ...xml(401, body), headers: { 'www-authenticate': headers } }
}

const userCheck = (check: { locked: boolean; unlockS: number; triesLeft: number }): string =>
  `<statusValue>401</statusValue><statusString>Unauthorized</statusString><isActivated>true</isActivated>` +
  `<lockStatus>${check.locked ? 'lock' : 'unlock'}</lockStatus><unlockTime>${check.unlockS}</unlockTime>` +
  `<retryLoginTime>${check.locked ? 0 : check.triesLeft}</retryLoginTime>`
