import { createHash } from 'node:crypto'

/**
 * HTTP authentication as recorders really speak it (RFC 2617, RFC 7616), pure: parse what was
 * asked, compute what is answered. When to answer at all is decided by the lock-out policy, which
 * is why no library that retries by itself stands here.
 */
export type Challenge = { scheme: string; params: Record<string, string> }

const hashes = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const
type HashName = keyof typeof hashes
/** The strongest first. */
const preference: readonly HashName[] = ['SHA-512-256', 'SHA-256', 'MD5']

export type DigestChallenge = {
  realm: string
  nonce: string
  opaque: string | undefined
  /** As the device wrote it, to be sent back unchanged; `undefined` means MD5 was implied. */
  algorithm: string | undefined
  hash: HashName
  session: boolean
  /** False for RFC 2069 devices that offer no `qop`. */
  qop: boolean
  stale: boolean
}

const parameter = /[\s,]*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y
const schemeName = /[\s,]*([\w!#$%&'*+.^`|~-]+)/y

/**
 * All challenges of all `WWW-Authenticate` lines: several may share one line, commas may stand in
 * quotes. Scheme and parameter names come back in lower case. Garbage gives an empty list.
 */
export function parseChallenges(lines: readonly string[]): Challenge[] {
  return lines.flatMap(parseLine)
}

function parseLine(line: string): Challenge[] {
  const found: Challenge[] = []
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const hit = pattern.exec(line)
    if (hit) at = pattern.lastIndex
    return hit
  }
  const takePair = (current: Challenge | undefined): boolean => {
    const pair = current && match(parameter)
    if (!pair) return false
    const [, name = '', inQuotes, bare = ''] = pair
    current.params[name.toLowerCase()] = inQuotes?.replace(/\\(.)/g, '$1') ?? bare
    return true
  }
  for (;;) {
    if (takePair(found.at(-1))) continue
    const scheme = match(schemeName)
    if (!scheme) return found
    found.push({ scheme: (scheme[1] ?? '').toLowerCase(), params: {} })
  }
}

function toDigest({ scheme, params }: Challenge): DigestChallenge | undefined {
  const { realm, nonce, opaque, algorithm, qop, stale } = params
  if (scheme !== 'digest' || realm === undefined || !nonce) return undefined
  const wanted = (algorithm ?? 'MD5').toUpperCase()
  const session = wanted.endsWith('-SESS')
  const hash = preference.find((name) => name === (session ? wanted.slice(0, -5) : wanted))
  const offered = (qop ?? '').split(',').map((one) => one.trim().toLowerCase())
  // `auth-int` alone is not spoken by any recorder known to us, and never guessed.
  if (!hash || (qop && !offered.includes('auth'))) return undefined
  return {
    realm,
    nonce,
    opaque,
    algorithm,
    hash,
    session,
    qop: offered.includes('auth'),
    stale: /^true$/i.test(stale ?? ''),
  }
}

/** The strongest digest challenge that can be answered. */
export function pickDigest(challenges: readonly Challenge[]): DigestChallenge | undefined {
  const usable = challenges.map(toDigest).filter((one) => one !== undefined)
  return preference
    .map((hash) => usable.find((one) => one.hash === hash))
    .find((one) => one !== undefined)
}

export const offersBasic = (challenges: readonly Challenge[]): boolean =>
  challenges.some(({ scheme }) => scheme === 'basic')

export type Login = { username: string; password: string }
export type DigestRequest = { method: string; uri: string; cnonce: string; nc?: number }

const ncText = (nc: number | undefined): string => (nc ?? 1).toString(16).padStart(8, '0')

/** What came in a header is bytes (latin1), what we configure is text: both become bytes here. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** The `response` value (RFC 7616 3.4.1; 3.4.2 for `-sess`; RFC 2069 where no qop is offered). */
export function digestResponse(
  challenge: DigestChallenge,
  login: Login,
  request: DigestRequest,
): string {
  const h = (text: string) =>
    createHash(hashes[challenge.hash]).update(text, 'latin1').digest('hex')
  const secret = h(`${bytesOf(login.username)}:${challenge.realm}:${bytesOf(login.password)}`)
  const ha1 = challenge.session ? h(`${secret}:${challenge.nonce}:${request.cnonce}`) : secret
  const ha2 = h(`${request.method}:${request.uri}`)
  return challenge.qop
    ? h(`${ha1}:${challenge.nonce}:${ncText(request.nc)}:${request.cnonce}:auth:${ha2}`)
    : h(`${ha1}:${challenge.nonce}:${ha2}`)
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** The whole `Authorization` header value. */
export function digestHeader(
  challenge: DigestChallenge,
  login: Login,
  request: DigestRequest,
): string {
  const { opaque, algorithm, qop, session } = challenge
  return [
    `Digest username=${quoted(bytesOf(login.username))}`,
    `realm=${quoted(challenge.realm)}`,
    `nonce=${quoted(challenge.nonce)}`,
    `uri=${quoted(request.uri)}`,
    `response="${digestResponse(challenge, login, request)}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop ? ['qop=auth', `nc=${ncText(request.nc)}`] : []),
    ...(qop || session ? [`cnonce=${quoted(request.cnonce)}`] : []),
  ].join(', ')
}

export const basicHeader = ({ username, password }: Login): string =>
  `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
