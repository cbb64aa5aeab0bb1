/** Child: the agents. Told by messages what to do; answers with figures. */
import { connectPublisher, type Publisher } from './mqtt-load.ts'
import { agentName, agentSecret, createReports, type ReportSource } from './reports.ts'

type Order =
  | {
      do: 'connect'
      port: number
      agents: number
      startAt: number
      births: boolean
      cameras: number
      spreadMs?: number
    }
  | { do: 'run'; ms: number; window: number; perSecond?: number; max?: number }
  | { do: 'drop' }
  | { do: 'wait-closed' }

type Agent = { publisher: Publisher; source: ReportSource }
let agents: Agent[] = []

const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function connectOne(order: Extract<Order, { do: 'connect' }>, index: number): Promise<Agent> {
  if (order.spreadMs) await pause(Math.random() * order.spreadMs)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const publisher = await connectPublisher({
        port: order.port,
        clientId: agentName(index),
        username: agentName(index),
        password: agentSecret(index),
        keepalive: 300,
      })
      const known = agents[index]?.source
      return { publisher, source: known ?? createReports(index, order.startAt) }
    } catch (error) {
      if (attempt > 20) throw error
      await pause(200 + Math.random() * 800 * attempt)
    }
  }
}

async function connectAll(order: Extract<Order, { do: 'connect' }>) {
  const startedAt = performance.now()
  const next = new Array<Agent>(order.agents)
  let index = 0
  // As many at once as a listener's backlog holds.
  const lane = async () => {
    while (index < order.agents) {
      const mine = index
      index += 1
      next[mine] = await connectOne({ ...order, spreadMs: 0 }, mine)
    }
  }
  await Promise.all(Array.from({ length: Math.min(256, order.agents) }, lane))
  agents = next
  const connectedMs = performance.now() - startedAt
  if (order.births) {
    await Promise.all(
      agents.map(
        ({ publisher, source }) =>
          new Promise<void>((done) =>
            publisher.publish(
              source.topic.replace('telemetry', 'birth'),
              source.birth(order.cameras),
              done,
            ),
          ),
      ),
    )
  }
  return { connected: agents.length, connectedMs, bornMs: performance.now() - startedAt }
}

async function run(order: Extract<Order, { do: 'run' }>) {
  const latencies: number[] = []
  let sent = 0
  let reports = 0
  let acked = 0
  let bytes = 0
  const startedAt = performance.now()
  const endAt = startedAt + order.ms
  const isOver = () =>
    performance.now() >= endAt || (order.max !== undefined && reports >= order.max)
  const send = (agent: Agent, again: () => void) => {
    const { report, conditions } = agent.source.next()
    if (conditions) agent.publisher.publish(agent.source.conditionsTopic, conditions, () => {})
    const sentAt = performance.now()
    reports += 1
    sent += 1
    bytes += report.length
    agent.publisher.publish(agent.source.topic, report, () => {
      acked += 1
      if (acked % 4 === 0) latencies.push(performance.now() - sentAt)
      again()
    })
  }
  if (order.perSecond === undefined) {
    await Promise.all(
      agents.flatMap((agent) =>
        Array.from(
          { length: order.window },
          () =>
            new Promise<void>((done) => {
              const again = () => (isOver() ? done() : send(agent, again))
              again()
            }),
        ),
      ),
    )
  } else {
    let due = 0
    let turn = 0
    while (!isOver()) {
      due = ((performance.now() - startedAt) / 1000) * order.perSecond
      while (sent < due && !isOver()) {
        const agent = agents[turn % agents.length]
        turn += 1
        if (agent && !agent.publisher.closed()) send(agent, () => {})
        else sent += 1
      }
      await pause(2)
    }
    while (acked < reports) await pause(5)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const sorted = Float64Array.from(latencies).sort()
  return {
    reports,
    acked,
    seconds,
    perSecond: acked / seconds,
    meanBytes: bytes / Math.max(1, reports),
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMs: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
  }
}

process.on('message', async (order: Order) => {
  try {
    let answer: unknown = {}
    if (order.do === 'connect') answer = await connectAll(order)
    if (order.do === 'run') answer = await run(order)
    if (order.do === 'drop') for (const { publisher } of agents) publisher.end()
    if (order.do === 'wait-closed') {
      while (agents.some(({ publisher }) => !publisher.closed())) await pause(20)
    }
    process.send?.({ answer })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) })
  }
})
