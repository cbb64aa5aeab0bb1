import { TLSSocket } from 'node:tls'
import { agentIdPattern } from '../src/contract/wire/common.ts'
import { topicOf } from '../src/contract/wire/topics.ts'
import type { Certificate } from './link.ts'

/** CONNACK return codes of MQTT 3.1.1, section 3.2.2.3. */
export const connack = {
  badIdentifier: 2,
  unavailable: 3,
  badCredentials: 4,
  notAuthorised: 5,
} as const

export type ConnectRefusal = { returnCode: (typeof connack)[keyof typeof connack]; reason: string }

/**
 * The rules that every CONNECT must keep before anybody is asked who it is; `undefined` when it
 * does. The broker itself accepts any client id, also `#`, `a/b` and 60 kB of text.
 */
export function connectRefusal(facts: {
  clientId: string
  username: string | undefined
  clean: boolean
  will?: { topic: string; qos?: number }
}): ConnectRefusal | undefined {
  const { clientId, username, clean, will } = facts
  if (!agentIdPattern.test(clientId)) {
    return { returnCode: connack.badIdentifier, reason: 'the client id is no agent id' }
  }
  if (username !== undefined && username !== clientId) {
    return {
      returnCode: connack.badCredentials,
      reason: 'the user name must be the agent id or be absent',
    }
  }
  if (!clean) {
    return {
      returnCode: connack.notAuthorised,
      reason: 'sessions are not kept here: connect with a clean session',
    }
  }
  return will && willRefusal(clientId, will)
}

function willRefusal(
  clientId: string,
  will: { topic: string; qos?: number },
): ConnectRefusal | undefined {
  if (will.topic !== topicOf(clientId, 'gone')) {
    return {
      returnCode: connack.notAuthorised,
      reason: "the will must go to the agent's own channel gone",
    }
  }
  return (will.qos ?? 0) > 1
    ? { returnCode: connack.notAuthorised, reason: 'QoS 2 is not spoken here' }
    : undefined
}

/**
 * The client certificate of a TLS socket, only when its chain was verified: a self-signed
 * certificate with the right name also arrives here, as not authorised.
 */
export function certificateOf(conn: unknown): Certificate | 'not-authorised' | undefined {
  if (!(conn instanceof TLSSocket)) return undefined
  const certificate = conn.getPeerCertificate()
  if (!certificate?.fingerprint256) return undefined
  if (!conn.authorized) return 'not-authorised'
  const name: unknown = certificate.subject?.CN
  return {
    fingerprint256: certificate.fingerprint256,
    commonName: typeof name === 'string' ? name : '',
  }
}
