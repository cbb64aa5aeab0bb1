import type { Clock } from '../src/core/clock.ts'
import { messageOf } from '../src/core/problem.ts'
import type { BrokerPorts } from './broker.ts'
import { type ConnectRefusal, connack } from './identity.ts'
import type { Link } from './link.ts'

export type Given = { username: string | undefined; password: Buffer | undefined }
export type Claiming = Link & { claims: string }
type Answer = Awaited<ReturnType<BrokerPorts['identify']>> | { unavailable: string }

/**
 * Asks who a link is, in bounded time: nothing else ends a connection whose CONNECT has arrived.
 * Resolves with the refusal, or `undefined` when it is the agent that it claims to be.
 */
export function createIdentify(options: {
  identify: BrokerPorts['identify']
  clock: Clock
  timeoutMs: number
}): (link: Claiming, given: Given) => Promise<ConnectRefusal | undefined> {
  const ask = async (link: Claiming, given: Given): Promise<Answer> =>
    options.identify({
      clientId: link.claims,
      username: given.username,
      password: given.password?.toString(),
      remoteAddress: link.remoteAddress,
      ...(link.certificate ? { certificate: link.certificate } : {}),
    })
  const askInTime = (link: Claiming, given: Given): Promise<Answer> =>
    new Promise((resolve) => {
      const timer = options.clock.after(options.timeoutMs, () =>
        resolve({ unavailable: 'identification took too long' }),
      )
      const fail = (error: unknown) =>
        resolve({ unavailable: `identification failed: ${messageOf(error)}` })
      ask(link, given)
        .then(resolve, fail)
        .finally(() => timer.cancel())
    })
  return async (link, given) => {
    const answer = await askInTime(link, given)
    if ('unavailable' in answer) {
      return { returnCode: connack.unavailable, reason: answer.unavailable }
    }
    if ('refused' in answer) return { returnCode: connack.badCredentials, reason: answer.refused }
    if (answer.agentId === link.claims) return undefined
    return { returnCode: connack.badCredentials, reason: 'the credential is of another agent' }
  }
}
