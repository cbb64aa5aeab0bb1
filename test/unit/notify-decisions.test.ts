import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '../../src/core/clock.ts'
import { faults, isFaultCode, severities } from '../../src/faults/catalogue.ts'
import { isStillTrue, isWanted, retryAfterMs, waitMsOf } from '../../src/notify/decide.ts'
import { compose, type Notice } from '../../src/notify/message.ts'
import { sign, webhookProblem } from '../../src/notify/webhook.ts'

describe('what is told', () => {
  const alert = { state: 'open', severity: 'high' as const, causeId: null, late: false }
  const ended = { ...alert, state: 'resolved' }
  const opened = (sentAt: number) => ({ kind: 'opened' as const, sentAt })
  const raised = (sentAt: number) => ({ kind: 'raised' as const, sentAt })
  const told = (sentAt: number) => ({ kind: 'resolved' as const, sentAt })
  it.each([
    ['an opening', 'opened', alert, undefined, true],
    [
      'an opening, taken on meanwhile',
      'opened',
      { ...alert, state: 'acknowledged' },
      undefined,
      true,
    ],
    ['an opening that has ended', 'opened', ended, undefined, false],
    ['an opening that is a consequence', 'opened', { ...alert, causeId: 'c' }, undefined, false],
    ['an opening of the past', 'opened', { ...alert, late: true }, undefined, false],
    ['an opening that was told', 'opened', alert, opened(1), false],
    ['an opening after a told end', 'opened', alert, told(1), true],
    ['an end that nobody heard begin', 'resolved', ended, undefined, false],
    ['an end of what was told', 'resolved', ended, opened(1), true],
    ['an end of what was told worse', 'resolved', ended, raised(1), true],
    ['an end that was told', 'resolved', ended, told(1), false],
    ['an end that is none any more', 'resolved', alert, opened(1), false],
    [
      'an end of a consequence that was told before',
      'resolved',
      { ...ended, causeId: 'c' },
      opened(1),
      true,
    ],
    ['worse since the telling', 'raised', alert, opened(99), true],
    ['worse before the telling', 'raised', alert, opened(100), false],
    ['worse, and never told', 'raised', alert, undefined, true],
    ['worse, but ended', 'raised', ended, opened(1), false],
    ['worse, but a consequence', 'raised', { ...alert, causeId: 'c' }, opened(1), false],
  ] as const)('%s', (_, kind, now, last, expected) => {
    expect(isStillTrue({ kind, createdAt: 100 }, now, last)).toBe(expected)
  })

  it('goes to who wants as severe and worse', () => {
    const wanted = severities.filter((severity) => isWanted(severity, 'high'))
    expect(wanted).toEqual(['critical', 'high'])
  })

  it('waits longer and longer between tries, half an hour at most', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((n) => retryAfterMs(n) / seconds(1))
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1800, 1800, 1800])
    expect(retryAfterMs(0)).toBe(seconds(30))
    expect(retryAfterMs(99)).toBe(minutes(30))
  })
})

describe('the words of a message', () => {
  const notice: Notice = {
    kind: 'opened',
    alertId: 'a1',
    code: 'recorder-unreachable',
    severity: 'critical',
    assetName: 'Đầu ghi UBND',
    areaName: 'Xã An Bình',
    part: '',
    since: Date.parse('2026-11-24T18:45:00+07:00'),
    resolvedAt: null,
    children: 16,
    url: 'https://hub.example/alerts/a1',
  }
  const say = (over: Partial<Notice>, language: 'vi' | 'en') =>
    compose({ ...notice, ...over }, language, 'Asia/Ho_Chi_Minh')

  it('says what, where, since when and what to do first, in both languages', () => {
    expect(say({}, 'vi')).toEqual({
      subject: '[Khẩn cấp] Đầu ghi không trả lời: Đầu ghi UBND – Xã An Bình',
      text: [
        'Đầu ghi không trả lời: Đầu ghi UBND, Xã An Bình.',
        'Từ 24/11/2026 18:45.',
        'Kiểm tra nguồn và dây mạng của đầu ghi.',
        'Ảnh hưởng kèm theo: 16.',
        'https://hub.example/alerts/a1',
      ].join('\n'),
    })
    expect(say({ part: 'disk:1', children: 0 }, 'en')).toEqual({
      subject: '[Critical] Recorder does not answer: Đầu ghi UBND (disk:1) – Xã An Bình',
      text: [
        'Recorder does not answer: Đầu ghi UBND (disk:1), Xã An Bình.',
        'Since 24/11/2026 18:45.',
        "Check the recorder's power and network cable.",
        'https://hub.example/alerts/a1',
      ].join('\n'),
    })
  })

  it('says when it ended', () => {
    const over = { kind: 'resolved' as const, resolvedAt: Date.parse('2026-11-25T00:05:00+07:00') }
    expect(say(over, 'vi').subject).toMatch(/^\[Đã khắc phục\] /)
    expect(say(over, 'vi').text).toContain('Từ 24/11/2026 18:45 đến 25/11/2026 00:05.')
    expect(say(over, 'en').text).toContain('From 24/11/2026 18:45 to 25/11/2026 00:05.')
  })

  it('has words for every fault in the catalogue', () => {
    for (const code of Object.keys(faults).filter(isFaultCode))
      for (const language of ['vi', 'en'] as const)
        expect(
          say({ code }, language)
            .text.split('\n')
            .every((line) => line.length > 3),
        ).toBe(true)
  })
})

describe('webhooks', () => {
  it('signs time and body together', () => {
    const hex = createHmac('sha256', 'key').update('1700000000000.{"a":1}').digest('hex')
    expect(sign('key', 1_700_000_000_000, '{"a":1}')).toBe(`t=1700000000000,v1=${hex}`)
    expect(sign('key', 1, 'x')).not.toBe(sign('key', 2, 'x'))
  })

  it.each([
    ['https://example.vn/hook', true],
    ['http://127.0.0.1:9/hook', true],
    ['http://localhost/hook', true],
    ['http://[::1]:9/', true],
    ['http://example.vn/hook', false],
    ['http://127.0.0.1.example.vn/', false],
    ['https://user:pass@example.vn/', false],
    ['ftp://example.vn/', false],
    ['file:///etc/passwd', false],
    ['example.vn', false],
    ['', false],
  ])('%s', (address, isFine) => {
    expect(webhookProblem(address) === undefined).toBe(isFine)
  })
})

describe('how long a message waits', () => {
  it('gives a consequence that lost its cause the time to end by itself', () => {
    expect(waitMsOf('alert.opened')).toBe(30_000)
    expect(waitMsOf('alert.detached')).toBeGreaterThan(faults['channel-offline'].clearMs)
  })
})
