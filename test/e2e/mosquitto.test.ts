import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { examples } from '../../src/contract/wire/examples.ts'
import { type BrokerUnderTest, startBroker, warnings } from '../support/broker.ts'
import { requirePart } from '../support/real-parts.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const installed = requirePart('mosquitto') !== undefined

let hub: BrokerUnderTest
beforeEach(async () => {
  hub = await startBroker({
    ports: {
      identify: async ({ clientId, password }) =>
        password === 'right' ? { agentId: clientId } : { refused: 'wrong secret' },
    },
  })
})
afterEach(() => hub.broker.close())

const at = () => ['-h', '127.0.0.1', '-p', `${hub.port}`]
const as = (secret: string) => ['-i', 'agent-1', '-u', 'agent-1', '-P', secret]
const telemetry = ['-t', 'ansang/1/agent-1/telemetry']

/** mosquitto_pub: its exit code and what it complains about. */
const publish = async (...args: string[]): Promise<{ code: number; stderr: string }> => {
  try {
    const { stderr } = await run('mosquitto_pub', [...at(), ...args])
    return { code: 0, stderr }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, stderr }
  }
}

describe.runIf(installed)('a client of another make', () => {
  test.each(['0', '1'])('publishes at QoS %s', async (qos) => {
    const answer = await publish(...as('right'), ...telemetry, '-q', qos, '-m', '{"n":1}')
    expect(answer.code).toBe(0)
    await until(() => hub.accepted.length === 1)
    expect(hub.accepted[0]?.payload.toString()).toBe('{"n":1}')
  })

  test('publishes a thousand messages in order', async () => {
    const child = spawn('mosquitto_pub', [...at(), ...as('right'), ...telemetry, '-q', '1', '-l'])
    for (let n = 0; n < 1000; n += 1) child.stdin.write(`${n}\n`)
    child.stdin.end()
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(0)
    expect(hub.accepted.map(({ payload }) => Number(payload))).toEqual(
      Array.from({ length: 1000 }, (_, n) => n),
    )
  })

  test('is refused with a wrong secret, in words that it understands', async () => {
    const answer = await publish(...as('wrong'), ...telemetry, '-m', '{}')
    expect(answer.code).not.toBe(0)
    expect(answer.stderr).toMatch(/bad user name or password|not authorised/i)
  })

  test('of MQTT 5 is refused and does not hang', async () => {
    const answer = await publish(...as('right'), ...telemetry, '-V', 'mqttv5', '-m', '{}')
    expect(answer.code).not.toBe(0)
    await until(() => warnings(hub).length > 0)
    expect(warnings(hub)[0]?.['reason']).toContain('use 3.1.1')
  })

  test('of MQTT 3.1 is served', async () => {
    const answer = await publish(
      ...as('right'),
      ...telemetry,
      '-V',
      'mqttv31',
      '-q',
      '1',
      '-m',
      '{}',
    )
    expect(answer.code).toBe(0)
    expect(hub.accepted).toHaveLength(1)
  })

  test('leaves its will when it is killed', async () => {
    const will = ['--will-topic', 'ansang/1/agent-1/gone', '--will-payload', '{"boot":"00c0ffee"}']
    const filter = ['-t', 'ansang/1/agent-1/desired']
    const child = spawn('mosquitto_sub', [...at(), ...as('right'), ...filter, ...will])
    await until(() => hub.broker.isConnected('agent-1'))
    child.kill('SIGKILL')
    await until(() => hub.accepted.length === 1)
    expect(hub.accepted).toMatchObject([{ channel: 'gone', agentId: 'agent-1', session: 1 }])
  })

  test('is sent to on its own channel', async () => {
    const filter = ['-q', '1', '-t', 'ansang/1/agent-1/desired', '-C', '1']
    const child = spawn('mosquitto_sub', [...at(), ...as('right'), ...filter])
    let heard = ''
    child.stdout.on('data', (bytes) => {
      heard += bytes
    })
    await until(() => hub.broker.isConnected('agent-1'))
    expect(await hub.broker.send('agent-1', 'desired', examples.desired)).toBe(true)
    await new Promise((resolve) => child.on('close', resolve))
    expect(JSON.parse(heard)).toEqual(examples.desired)
  })

  test.each(['#', '$SYS/#', 'ansang/1/agent-2/desired'])('may not listen to %s', async (filter) => {
    const child = spawn('mosquitto_sub', [...at(), ...as('right'), '-t', filter])
    let said = ''
    child.stderr.on('data', (bytes) => {
      said += bytes
    })
    await new Promise((resolve) => child.on('close', resolve))
    expect(said).toContain('denied')
    expect(hub.counts['subscribe-refused']).toBe(1)
  })
})
