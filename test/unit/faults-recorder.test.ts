import { describe, expect, test } from 'vitest'
import { hours, minutes, seconds } from '../../src/core/clock.ts'
import { type JudgeMemory, judge } from '../../src/faults/judge.ts'
import { judgeRecorder, type RecorderReading } from '../../src/faults/recorder.ts'

const healthy: RecorderReading = {
  contact: 'answered',
  login: 'accepted',
  channels: [
    { part: 'ch:1', state: 'online', raw: 'connect' },
    { part: 'ch:2', state: 'online', raw: 'connect' },
  ],
  disks: [{ part: 'disk:1', state: 'ok', raw: 'ok' }],
}

const said = (reading: RecorderReading) =>
  judgeRecorder(reading).map(({ part, code, state }) => `${part}|${code} ${state}`)

describe('what one poll means', () => {
  test('a healthy recorder', () => {
    expect(said(healthy)).toEqual([
      '|recorder-unreachable ok',
      '|credentials-rejected ok',
      'ch:1|channel-offline ok',
      'ch:2|channel-offline ok',
      'disk:1|disk-fault ok',
    ])
  })

  test.each([
    [{ contact: 'none', login: 'unknown' } as const, 'fault', 'unknown'],
    [{ contact: 'unknown', login: 'unknown' } as const, 'unknown', 'unknown'],
    [{ contact: 'answered', login: 'refused' } as const, 'ok', 'fault'],
  ])('%o: one fault at most, all below it unknown', (change, contact, login) => {
    expect(said({ ...healthy, ...change })).toEqual([
      `|recorder-unreachable ${contact}`,
      `|credentials-rejected ${login}`,
      'ch:1|channel-offline unknown',
      'ch:2|channel-offline unknown',
      'disk:1|disk-fault unknown',
    ])
  })

  test.each([
    ['online', 'ok'],
    ['offline', 'fault'],
    ['unknown', 'unknown'],
    ['empty', 'ok'],
  ] as const)('a channel that is %s', (state, expected) => {
    const channels = [{ part: 'ch:1', state, raw: 'why' }]
    expect(judgeRecorder({ ...healthy, channels })[2]).toEqual({
      part: 'ch:1',
      code: 'channel-offline',
      state: expected,
      raw: 'why',
    })
  })

  test.each([
    ['ok', 'ok'],
    ['fault', 'fault'],
    ['unknown', 'unknown'],
  ] as const)('a disk that is %s', (state, expected) => {
    const disks = [{ part: 'disk:1', state, raw: 'why' }]
    expect(judgeRecorder({ ...healthy, channels: [], disks })[2]).toMatchObject({
      state: expected,
      raw: 'why',
    })
  })

  test('endless words of a device are cut', () => {
    const channels = [{ part: 'ch:1', state: 'offline', raw: 'x'.repeat(5000) } as const]
    expect(String(judgeRecorder({ ...healthy, channels })[2]?.raw)).toHaveLength(120)
  })
})

describe('with holds', () => {
  /** Lives the readings, one a minute, and tells what is active after each. */
  const live = (readings: RecorderReading[], everyMs = minutes(1)) => {
    let memory: JudgeMemory = {}
    return readings.map((reading, index) => {
      const judged = judge(memory, judgeRecorder(reading), index * everyMs)
      memory = judged.memory
      return judged.active.map(({ part, code, severity }) => `${part}|${code} ${severity}`)
    })
  }
  const off: RecorderReading = {
    ...healthy,
    channels: [{ part: 'ch:1', state: 'offline', raw: 'netUnreachable' }],
  }
  const away: RecorderReading = { ...off, contact: 'none', login: 'unknown' }

  test('a channel that was offline stays so while the recorder cannot be asked', () => {
    const lived = live([off, off, off, off, away, away, away, away])
    expect(lived[3]).toEqual(['ch:1|channel-offline high'])
    expect(lived[7]).toEqual(['|recorder-unreachable critical', 'ch:1|channel-offline high'])
  })

  test('silence does not finish the hold of a channel', () => {
    expect(live([off, off, away, away, away]).at(-1)).toEqual(['|recorder-unreachable critical'])
  })

  test('a disk may rebuild for twelve hours', () => {
    const busy: RecorderReading = {
      ...healthy,
      disks: [{ part: 'disk:1', state: 'busy', raw: 'reparing' }],
    }
    const lived = live(
      Array.from({ length: 14 }, () => busy),
      hours(1),
    )
    expect(lived[11]).toEqual([])
    expect(lived[12]).toEqual(['disk:1|disk-fault medium'])
  })

  test('a broken disk needs two looks', () => {
    const broken: RecorderReading = {
      ...healthy,
      disks: [{ part: 'disk:1', state: 'fault', raw: 'error' }],
    }
    expect(live([broken, broken], seconds(60))).toEqual([[], ['disk:1|disk-fault critical']])
  })
})
