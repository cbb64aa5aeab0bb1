import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type DigestChallenge,
  digestHeader,
  digestResponse,
  offersBasic,
  parseChallenges,
  pickDigest,
} from '../../agents/recorder/http-digest.ts'

type Vector = {
  what: string
  algorithm?: string
  username: string
  password: string
  realm: string
  method: string
  uri: string
  nonce: string
  cnonce: string
  response: string
}
const path = new URL('../support/fixtures/recorders/auth-vectors.json', import.meta.url)
const all = JSON.parse(readFileSync(path, 'utf8')) as Vector[]
const vectors = all.filter(({ what }) => what.startsWith('HTTP digest'))

const challengeOf = (lines: string[]): DigestChallenge => {
  const picked = pickDigest(parseChallenges(lines))
  if (!picked) throw new Error('no digest challenge')
  return picked
}
const login = { username: 'Mufasa', password: 'Circle of Life' }

describe('digest', () => {
  test.each(vectors.map((one) => [one.what, one] as const))('%s', (_, one) => {
    const algorithm = one.algorithm ? `, algorithm=${one.algorithm}` : ''
    const line = `Digest realm="${one.realm}", qop="auth", nonce="${one.nonce}"${algorithm}`
    expect(digestResponse(challengeOf([line]), one, one)).toBe(one.response)
  })

  test('there are vectors', () => expect(vectors).toHaveLength(4))

  test('-sess hashes nonce and cnonce in, RFC 2069 leaves qop out', () => {
    const request = { method: 'GET', uri: '/x', cnonce: 'c' }
    const plain = challengeOf(['Digest realm="r", nonce="n", qop="auth"'])
    const session = challengeOf(['Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess'])
    const old = challengeOf(['Digest realm="r", nonce="n"'])
    expect(session.session).toBe(true)
    const responses = [plain, session, old].map((one) => digestResponse(one, login, request))
    // Computed apart with Python's hashlib.
    expect(responses).toEqual([
      'e2d7e703b0ae03545e1ec75d2cb55018',
      '19c2fe1e7255f2d79cdfc73e69c5810a',
      'f93297e3548c61c12c731b4e358f7982',
    ])
    expect(digestHeader(old, login, request)).not.toMatch(/qop|nc=|cnonce/)
  })

  test('a name beyond ASCII is sent and hashed as UTF-8 bytes', () => {
    const header = digestHeader(
      challengeOf(['Digest realm="r", nonce="n", qop="auth"']),
      { username: 'trực ban', password: 'mật khẩu' },
      { method: 'GET', uri: '/x', cnonce: 'c' },
    )
    expect(Buffer.from(header, 'latin1').toString('utf8')).toContain('username="trực ban"')
    expect(header).toContain('response="c8ab069e3951f3c2f42bd91d81d6423a"')
  })

  test('what came with the challenge goes back unchanged, quotes included', () => {
    const line = 'Digest realm="a \\"b\\", c", nonce="n", opaque="o,p", qop="auth", algorithm="MD5"'
    const challenge = challengeOf([line])
    expect(challenge.realm).toBe('a "b", c')
    const header = digestHeader(challenge, login, { method: 'GET', uri: '/?a=b', cnonce: 'c' })
    expect(header).toContain('realm="a \\"b\\", c"')
    expect(header).toContain('opaque="o,p"')
    expect(header).toContain('uri="/?a=b"')
    expect(header).toContain('nc=00000001')
  })
})

describe('challenges', () => {
  const real =
    'Digest realm="dvr-realm", domain="/", qop="auth", nonce="6e6f", opaque="", algorithm="MD5", stale="FALSE"'

  test.each([
    ['one line', [real], ['digest']],
    ['Basic in the same line', [`${real}, Basic realm="x"`], ['digest', 'basic']],
    ['Basic first, in the same line', [`Basic realm="x", ${real}`], ['basic', 'digest']],
    ['Basic in a second line', [real, 'Basic realm="x"'], ['digest', 'basic']],
    ['a scheme without parameters', ['Negotiate, Basic realm="x"'], ['negotiate', 'basic']],
    ['nothing', [''], []],
    ['garbage', ['=,=,"'], []],
  ])('%s', (_, lines, schemes) => {
    expect(parseChallenges(lines).map(({ scheme }) => scheme)).toEqual(schemes)
  })

  test('the odd spelling of recorders is read', () => {
    const challenge = challengeOf([`Basic realm="x", ${real}`])
    expect(challenge).toMatchObject({ realm: 'dvr-realm', nonce: '6e6f', opaque: '', qop: true })
    expect(challenge).toMatchObject({ hash: 'MD5', stale: false, algorithm: 'MD5' })
  })

  test.each([
    ['stale="TRUE"', true],
    ['stale=true', true],
    ['stale="FALSE"', false],
    ['', false],
  ])('%s means stale %s', (text, stale) => {
    expect(challengeOf([`Digest realm="r", nonce="n", ${text}`]).stale).toBe(stale)
  })

  test('the strongest algorithm is taken, in whatever order they come', () => {
    const md5 = 'Digest realm="r", nonce="1", algorithm=MD5, qop="auth"'
    const sha = 'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth,auth-int"'
    expect(challengeOf([md5, sha]).nonce).toBe('2')
    expect(challengeOf([`${sha}, ${md5}`]).nonce).toBe('2')
  })

  test.each([
    ['an unknown algorithm', 'Digest realm="r", nonce="n", algorithm=WHIRLPOOL'],
    ['only auth-int', 'Digest realm="r", nonce="n", qop="auth-int"'],
    ['no nonce', 'Digest realm="r"'],
    ['no realm', 'Digest nonce="n"'],
    ['only Basic', 'Basic realm="r"'],
  ])('%s is not answered by digest', (_, line) => {
    expect(pickDigest(parseChallenges([line]))).toBeUndefined()
  })

  test('Basic is seen', () => {
    expect(offersBasic(parseChallenges([real, 'Basic realm="x"']))).toBe(true)
    expect(offersBasic(parseChallenges([real]))).toBe(false)
  })

  test('a long header of quotes and backslashes is read in no time', () => {
    const line = `Digest realm="${'\\'.repeat(8000)}`
    expect(pickDigest(parseChallenges([line, ','.repeat(8000)]))).toBeUndefined()
  })
})
