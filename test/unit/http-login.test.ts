import { describe, expect, test } from 'vitest'
import type { ExchangeResult } from '../../agents/recorder/http-exchange.ts'
import { converse } from '../../agents/recorder/http-login.ts'
import type { Refusal } from '../../agents/recorder/lockout.ts'

const digest = 'Digest realm="r", qop="auth", nonce="n", stale="FALSE"'
const stale = digest.replace('FALSE', 'TRUE')
const asks = (challenge = digest, body = ''): ExchangeResult => ({
  status: 401,
  challenges: [challenge],
  body,
})
const says = (status: number): ExchangeResult => ({ status, challenges: [], body: 'page' })

/** Plays the answers of a device; body `locked`, `counted` and `nonce` stand for what 401s say. */
async function play(answers: ExchangeResult[], mayUseBasic = false) {
  const sent: (string | undefined)[] = []
  const gate: (string | Refusal)[] = []
  const refusals: Record<string, Refusal> = {
    locked: { kind: 'locked', unlockInS: 60 },
    counted: { kind: 'rejected', triesLeft: 3 },
    nonce: { kind: 'stale' },
  }
  const answer = await converse(
    async (authorization) => {
      sent.push(authorization?.split(' ')[0])
      const result = answers.shift() ?? { failure: 'nothing more was expected' }
      return { result, sentAt: 0, rttMs: 0 }
    },
    {
      uri: '/x',
      login: () => ({ username: 'u', password: 'p' }),
      gate: {
        open: () => true,
        accepted: () => gate.push('accepted'),
        refused: (refusal) => gate.push(refusal),
      },
      refusalOf: (body) => refusals[body],
      mayUseBasic,
    },
  )
  return { answer: answer.kind, sent, gate, left: answers.length }
}
const none = undefined

type Row = [string, ExchangeResult[], string, (string | undefined)[], (string | Refusal)[]]

describe('question, challenge, answer', () => {
  test.each<Row>([
    ['no login wanted', [says(200)], 'answer', [none], []],
    ['accepted', [asks(), says(200)], 'answer', [none, 'Digest'], ['accepted']],
    ['accepted, but no such page', [asks(), says(403)], 'answer', [none, 'Digest'], ['accepted']],
    ['a server error judges no login', [asks(), says(503)], 'answer', [none, 'Digest'], []],
    ['refused once', [asks(), asks()], 'refused', [none, 'Digest'], [{ kind: 'rejected' }]],
    [
      'refused and counted',
      [asks(), asks(digest, 'counted')],
      'refused',
      [none, 'Digest'],
      [{ kind: 'rejected', triesLeft: 3 }],
    ],
    [
      'locked before a login was shown: none is shown',
      [asks(digest, 'locked')],
      'refused',
      [none],
      [{ kind: 'locked', unlockInS: 60 }],
    ],
    [
      'an outdated nonce is answered anew, once',
      [asks(), asks(stale), says(200)],
      'answer',
      [none, 'Digest', 'Digest'],
      ['accepted'],
    ],
    [
      'outdated twice',
      [asks(), asks(stale), asks(stale)],
      'refused',
      [none, 'Digest', 'Digest'],
      [{ kind: 'stale' }],
    ],
    [
      'outdated by its status',
      [asks(), asks(digest, 'nonce'), says(200)],
      'answer',
      [none, 'Digest', 'Digest'],
      ['accepted'],
    ],
    [
      'outdated, then refused',
      [asks(), asks(stale), asks()],
      'refused',
      [none, 'Digest', 'Digest'],
      [{ kind: 'rejected' }],
    ],
    ['nothing came back', [{ failure: 'timeout' }], 'silent', [none], []],
    [
      'nothing came back to the answer',
      [asks(), { failure: 'timeout' }],
      'silent',
      [none, 'Digest'],
      [],
    ],
    ['only Basic', [asks('Basic realm="r"')], 'unusable', [none], []],
    ['no challenge', [{ status: 401, challenges: [], body: '' }], 'unusable', [none], []],
  ])('%s', async (_, answers, kind, sent, gate) => {
    expect(await play([...answers])).toEqual({ answer: kind, sent, gate, left: 0 })
  })

  test('Basic where it may be used', async () => {
    const played = await play([asks('Basic realm="r"'), says(200)], true)
    expect(played).toMatchObject({ sent: [none, 'Basic'], gate: ['accepted'] })
  })

  test('Basic is not used beside a digest', async () => {
    const played = await play([asks(`Basic realm="r", ${digest}`), says(200)], true)
    expect(played.sent).toEqual([none, 'Digest'])
  })
})
