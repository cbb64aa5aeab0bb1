import { connect, type MqttClient } from 'mqtt'
import { encode } from '../../src/contract/wire/codec.ts'
import { topicOf } from '../../src/contract/wire/topics.ts'

/**
 * An agent that reports without a pause and comes back whatever happens: it repeats what was not
 * acknowledged under the same id, sometimes what was, and never gives an id twice.
 */
export type RestlessAgent = {
  /** Ids acknowledged so far. */
  acknowledged: () => number
  /** Reconnects to wherever `port` says now. */
  stop: () => Promise<void>
  /** Time of each acknowledged telemetry record, and the state it told. */
  told: Map<number, number>
}

type Options = {
  agentId: string
  secret: string
  epoch: string
  /** Where to connect now; asked at each try. */
  port: () => number
  /** First sample time; each record is a second later. */
  from: number
  /** Every so many records the fault comes or goes. */
  faultEvery?: number
}

export function startRestlessAgent(options: Options): RestlessAgent {
  const { agentId, secret, epoch, from, faultEvery = 10 } = options
  const told = new Map<number, number>()
  let stopping = false
  let n = 0

  const envelope = (number: number) => ({
    ...{ id: [epoch, number], boot: '00c0ffee', mono: number, trust: 'trusted', lane: 'live' },
    at: new Date(from + number * 1000).toISOString(),
  })
  const payloadOf = (number: number) => {
    if (number % faultEvery !== 0) {
      const parts = { 'ch:1': { online: number % 2 } }
      const body = { ...envelope(number), samples: [{ unit: 'nvr1', kind: 'recorder', parts }] }
      return { channel: 'telemetry' as const, payload: encode('telemetry', body as never) }
    }
    const since = new Date(from + number * 1000).toISOString()
    const fault = { unit: 'nvr1', part: 'ch:1', code: 'channel-offline', since }
    const isOn = (number / faultEvery) % 2 === 1
    const body = { ...envelope(number), rules: 1, active: isOn ? [fault] : [], unknown: [] }
    return { channel: 'conditions' as const, payload: encode('conditions', body as never) }
  }
  const publish = (client: MqttClient, number: number) => {
    const { channel, payload } = payloadOf(number)
    return new Promise<void>((resolve, reject) => {
      const onClose = () => reject(new Error('closed'))
      client.once('close', onClose)
      client.publish(topicOf(agentId, channel), payload, { qos: 1 }, (error) => {
        client.off('close', onClose)
        if (error) reject(error)
        else resolve()
      })
    })
  }
  const session = async () => {
    const client = connect({
      ...{ host: '127.0.0.1', port: options.port(), clientId: agentId, username: agentId },
      ...{ password: secret, reconnectPeriod: 0, connectTimeout: 3000 },
    })
    client.on('error', () => {})
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve())
        client.once('close', () => reject(new Error('closed')))
      })
      // Was the last acknowledgement lost on the way? Whoever cannot know says it again.
      if (n > 0) await publish(client, n)
      while (!stopping) {
        await publish(client, n + 1)
        n += 1
        if (n % faultEvery !== 0) told.set(from + n * 1000, n % 2)
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 30))
    } finally {
      await new Promise<void>((resolve) => client.end(true, {}, () => resolve()))
    }
  }
  const run = async () => {
    while (!stopping) await session()
  }
  const finished = run()
  return {
    acknowledged: () => n,
    told,
    stop: async () => {
      stopping = true
      await finished
    },
  }
}
