import { afterEach, describe, expect, test } from 'vitest'
import { days, hours, minutes } from '../../src/core/clock.ts'
import { morning } from '../support/collecting.ts'
import { createRecorderRig, type RecorderRig } from '../support/recorder-rig.ts'

let rig: RecorderRig
afterEach(() => rig.close())

const rawOf = (polled: Awaited<ReturnType<RecorderRig['poll']>>) =>
  polled.verdicts.find(({ code }) => code === 'credentials-rejected')?.raw

describe('a wrong password', () => {
  test('is answered once and never again, while the port is watched', async () => {
    rig = await createRecorderRig({ password: 'wrong' })
    const first = await rig.poll()
    expect(first.active).toEqual(['|credentials-rejected'])
    expect(rawOf(first)).toBe('wrong password, 4 tries left')
    expect(first.sample.parts['']?.['reachable']).toBe(1)
    const later = await rig.pollFor(hours(1))
    expect(rig.fake.counts.answered).toBe(1)
    expect(rig.fake.counts.requests).toBe(2)
    expect(rig.fake.isLocked()).toBe(false)
    expect(later.active).toEqual(['|credentials-rejected'])
    expect(later.said).toEqual(['|recorder-unreachable ok', '|credentials-rejected fault'])
  })

  test('is not tried again by an agent that restarts over and over', async () => {
    rig = await createRecorderRig({ password: 'wrong' })
    for (let start = 0; start < 20; start++) {
      rig.restart()
      await rig.poll()
      rig.clock.advance(minutes(2))
    }
    expect(rig.fake.counts.answered).toBe(1)
  })

  test('put right in its file, works at the next poll', async () => {
    rig = await createRecorderRig({ password: 'wrong' })
    await rig.pollFor(minutes(5))
    rig.setPassword(rig.fake.rules.password)
    const polled = await rig.poll()
    expect(polled.active).toEqual([])
    expect(polled.sample.parts['']?.['channels_online']).toBe(4)
    expect(rig.fake.counts.rejected).toBe(1)
  })

  test('put right at the recorder, is tried once by request of a person', async () => {
    rig = await createRecorderRig({ password: 'the other' })
    await rig.pollFor(minutes(5))
    rig.fake.rules.password = 'the other'
    expect((await rig.poll()).active).toEqual(['|credentials-rejected'])
    await rig.collector().commands?.['retry-login']?.({}, new AbortController().signal)
    expect(rig.deps.asked).toBe(1)
    expect((await rig.poll()).active).toEqual([])
  })

  test('asked for too often by a person, is still one try each', async () => {
    rig = await createRecorderRig({ password: 'wrong' })
    await rig.poll()
    await rig.collector().commands?.['retry-login']?.({}, new AbortController().signal)
    await rig.pollFor(minutes(30))
    expect(rig.fake.counts.answered).toBe(2)
  })

  test('refused with a body that trickles, is refused all the same', async () => {
    rig = await createRecorderRig({ password: 'wrong', manners: { slowRefusals: true } })
    const first = await rig.pollStalling()
    await rig.pollFor(minutes(30))
    expect(first.said).toContain('|credentials-rejected fault')
    expect(rig.fake.counts.answered).toBe(1)
  })

  test('without a body that explains it, is refused all the same', async () => {
    rig = await createRecorderRig({ password: 'wrong', rules: { userCheck: false } })
    expect(rawOf(await rig.poll())).toBe('wrong password')
    await rig.pollFor(hours(1))
    expect(rig.fake.counts.answered).toBe(1)
  })

  test('that cannot be read from its file is said so, and nothing is sent', async () => {
    rig = await createRecorderRig({ config: { passwordFile: '/nowhere/password' } })
    const polled = await rig.poll()
    expect(polled.active).toEqual(['|credentials-rejected'])
    expect(rawOf(polled)).toBe('no password in the password file')
    expect(rig.fake.counts.requests).toBe(0)
  })
})

describe('a login that has worked', () => {
  test('is tried singly after 5, 15, 30, 60 minutes, then no more', async () => {
    rig = await createRecorderRig()
    await rig.poll()
    rig.fake.rules.full = true
    rig.fake.log.length = 0
    const polled = await rig.pollFor(hours(6))
    const tries = rig.fake.log.filter(({ login }) => login === 'rejected')
    expect(tries.map(({ at }) => (at - morning) / minutes(1))).toEqual([0, 5, 20, 50, 110])
    expect(polled.active).toEqual(['|credentials-rejected'])
    expect(rawOf(polled)).toBe('login refused (was working)')
    expect(polled.unknown).toContain('ch:1|channel-offline')
  })

  test('comes back by itself when the recorder lets it in again', async () => {
    rig = await createRecorderRig()
    await rig.poll()
    rig.fake.rules.full = true
    await rig.pollFor(minutes(3))
    rig.fake.rules.full = false
    expect((await rig.pollFor(minutes(3))).active).toEqual([])
  })

  test('never uses up the tries of a recorder that counts', async () => {
    rig = await createRecorderRig({ rules: { lockAfter: 3 } })
    await rig.poll()
    rig.fake.rules.password = 'changed at the recorder'
    await rig.pollFor(days(1), minutes(5))
    expect(rig.fake.counts.rejected).toBe(2)
    expect(rig.fake.isLocked()).toBe(false)
  })

  test('that meets a lock waits until it has ended, with a margin', async () => {
    rig = await createRecorderRig({ rules: { askingKeepsLock: true, lockAfter: 1 } })
    await rig.poll()
    const right = rig.fake.rules.password
    rig.fake.rules.password = 'for a moment'
    const locked = await rig.poll()
    rig.fake.rules.password = right
    expect(rawOf(locked)).toBe('locked, unlock at 2026-11-20T03:30:00.000Z')
    const before = rig.fake.counts.requests
    await rig.pollFor(minutes(34))
    expect(rig.fake.counts.requests).toBe(before)
    expect((await rig.pollFor(minutes(2))).active).toEqual([])
  })
})

describe('while the login is held back', () => {
  test('power and network are still seen', async () => {
    rig = await createRecorderRig({ password: 'wrong' })
    await rig.poll()
    await rig.fake.power(false)
    const away = await rig.pollFor(minutes(3))
    expect(away.active).toContain('|recorder-unreachable')
    await rig.fake.power(true)
    const back = await rig.pollFor(minutes(3))
    expect(back.active).toEqual(['|credentials-rejected'])
    expect(rig.fake.counts.answered).toBe(1)
  })
})

describe('challenges', () => {
  test.each([
    ['SHA-256', { algorithm: 'SHA-256' }],
    ['a second Basic challenge', { basic: 'second' }],
    ['nonces that serve once', { nonceMaxUses: 1 }],
  ] as const)('%s', async (_, rules) => {
    rig = await createRecorderRig({ rules })
    expect((await rig.poll()).sample.parts['']?.['channels_online']).toBe(4)
    expect(rig.fake.counts.rejected).toBe(0)
  })

  test.each([false, true])(
    'nonces that are always outdated are no wrong password (told by a status: %s)',
    async (staleByStatus) => {
      rig = await createRecorderRig({ rules: { nonceMaxUses: 0, staleByStatus } })
      const polled = await rig.poll()
      expect(rawOf(polled)).toBe('login refused (nonce)')
      expect(rig.fake.counts).toMatchObject({ answered: 2, rejected: 0 })
      rig.fake.rules.nonceMaxUses = 5
      expect((await rig.pollFor(minutes(5))).active).toEqual([])
    },
  )

  test('Basic alone is not answered over plain http, and that is no fault', async () => {
    rig = await createRecorderRig({ rules: { basic: 'only' } })
    const polled = await rig.pollFor(minutes(10))
    expect(rig.fake.counts.answered).toBe(0)
    expect(polled.active).toEqual([])
    expect(polled.sample.reasons?.['/reachable']).toMatch(/only Basic/)
  })

  test('…unless the operator allowed it', async () => {
    rig = await createRecorderRig({
      rules: { basic: 'only' },
      config: { allowBasicOverHttp: true },
    })
    expect((await rig.poll()).sample.parts['']?.['channels_online']).toBe(4)
  })

  test('the password is never in a header of ours, nor in what is kept on disk', async () => {
    rig = await createRecorderRig()
    await rig.poll()
    const { readFileSync } = await import('node:fs')
    const kept = readFileSync(`${rig.deps.dataDir}/recorder.json`, 'utf8')
    expect(kept).toContain('"worked":true')
    expect(kept).not.toContain(rig.fake.rules.password)
  })
})
