import { encode } from '../../src/contract/wire/codec.ts'
import { topicOf } from '../../src/contract/wire/topics.ts'

/** Channels of the recorder behind each bench agent. */
export const channels = 16

export const agentName = (index: number): string => `bench-${String(index).padStart(5, '0')}`
export const agentSecret = (index: number): string => `secret-of-${agentName(index)}`

const minuteMs = 60_000

/** Small and fast, and the same in each run. */
function createRandom(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

export type ReportSource = {
  topic: string
  conditionsTopic: string
  /** `cameras` of its channels are in use. */
  birth: (cameras: number) => Buffer
  /** The next report: a minute after the last one, numbers vary, one channel in a hundred flips. */
  next: () => { report: Buffer; conditions: Buffer | undefined }
}

/**
 * What one agent says, minute by minute of its own time, from `startAt` on: reports of 16 cameras,
 * about 1.1 KB, and the full set of conditions whenever a channel has changed state.
 */
export function createReports(index: number, startAt: number): ReportSource {
  const agentId = agentName(index)
  const random = createRandom(index + 1)
  const epoch = index.toString(16).padStart(12, 'b')
  const online = new Array<number>(channels).fill(1)
  const since = new Array<string>(channels).fill('')
  let n = 0
  let at = startAt
  const envelope = () => {
    n += 1
    return `{"id":["${epoch}",${n}],"lane":"live","boot":"00c0ffee","mono":${n * 1000},"at":"${new Date(at).toISOString()}","trust":"trusted",`
  }
  const flip = (): boolean => {
    let flipped = false
    for (let i = 0; i < channels; i += 1) {
      if (random() >= 0.01) continue
      online[i] = online[i] === 1 ? 0 : 1
      since[i] = new Date(at).toISOString()
      flipped = true
    }
    return flipped
  }
  const report = () => {
    let parts = `"":{"reachable":1,"cpu":${Math.floor(random() * 60)},"mem":${(40 + random() * 5).toFixed(1)},"uptime_s":${n * 60}}`
    for (let i = 0; i < channels; i += 1) {
      parts += `,"ch:${i + 1}":{"online":${online[i]},"video":${online[i]},"bitrate_kbps":${Math.floor(1800 + random() * 900)}}`
    }
    return Buffer.from(
      `${envelope()}"samples":[{"unit":"nvr1","kind":"recorder","parts":{${parts}}}]}`,
    )
  }
  const conditions = () => {
    const active = online.flatMap((state, i) =>
      state === 1
        ? []
        : [`{"unit":"nvr1","part":"ch:${i + 1}","code":"channel-offline","since":"${since[i]}"}`],
    )
    return Buffer.from(`${envelope()}"rules":1,"active":[${active.join(',')}],"unknown":[]}`)
  }
  return {
    topic: topicOf(agentId, 'telemetry'),
    conditionsTopic: topicOf(agentId, 'conditions'),
    birth: (cameras) => {
      n += 1
      const parts = Array.from({ length: cameras }, (_, i) => ({ part: `ch:${i + 1}` }))
      return encode('birth', {
        id: [epoch, n],
        lane: 'live',
        boot: '00c0ffee',
        mono: 0,
        at: new Date(at).toISOString(),
        trust: 'trusted',
        version: 'bench',
        plan: { format: 1 },
        rules: 1,
        capabilities: [],
        inventory: [{ unit: 'nvr1', kind: 'recorder', label: `Đầu ghi ${index}`, parts }],
        held: {},
      })
    },
    next: () => {
      at += minuteMs
      const changed = flip()
      return { report: report(), conditions: changed ? conditions() : undefined }
    },
  }
}
