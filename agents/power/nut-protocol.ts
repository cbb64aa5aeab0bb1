/**
 * The lines of the NUT protocol (TCP 3493), pure. `LIST VAR` is one consistent-enough snapshot;
 * LOGIN is never sent, because it would make the primary wait for us at shutdown.
 */
export type NutReply =
  | { kind: 'variables'; variables: Record<string, string> }
  /** `ERR …`: `DATA-STALE`, `DRIVER-NOT-CONNECTED`, `UNKNOWN-UPS`, `ACCESS-DENIED` … */
  | { kind: 'error'; code: string }
  | { kind: 'broken'; reason: string }

export type NutReader = {
  /** Takes bytes as they arrive, in pieces of any size; gives the reply once it is complete. */
  push: (chunk: Uint8Array) => NutReply | undefined
}

const most = { bytes: 256 * 1024, line: 4096, variables: 2000 }

/** The name goes into a command line: nothing in it may end that line. */
export const isUpsName = (name: string): boolean => /^[A-Za-z0-9_.@-]{1,64}$/.test(name)

/** Words of a line; quoted ones may hold blanks, `\"` and `\\`. `undefined` = quotes left open. */
export function words(line: string): string[] | undefined {
  const found: string[] = []
  const word = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/y
  let at = 0
  while (line.slice(at).trim() !== '') {
    word.lastIndex = at
    const hit = word.exec(line)
    if (!hit) return undefined
    found.push(hit[1] === undefined ? (hit[2] ?? '') : hit[1].replace(/\\(.)/g, '$1'))
    at = word.lastIndex
  }
  return found
}

type Line =
  | { kind: 'begin' }
  | { kind: 'end' }
  | { kind: 'variable'; name: string; value: string }
  | Exclude<NutReply, { kind: 'variables' }>

/** What one line of the reply to `LIST VAR <ups>` says. */
function readLine(line: string, ups: string): Line {
  const [verb, ...args] = words(line) ?? []
  const [owner, name, value] = args
  const isVariable = verb === 'VAR' && owner === ups
  if (isVariable && name !== undefined && value !== undefined) {
    return { kind: 'variable', name, value }
  }
  if (verb === 'ERR') return { kind: 'error', code: (owner ?? 'UNKNOWN').slice(0, 60) }
  const isOurList = args.join(' ') === `LIST VAR ${ups}`
  if (isOurList && verb === 'BEGIN') return { kind: 'begin' }
  if (isOurList && verb === 'END') return { kind: 'end' }
  return { kind: 'broken', reason: 'not a NUT answer' }
}

const tooLong: NutReply = { kind: 'broken', reason: 'list too long' }

/** Reads the reply to `LIST VAR <ups>`; lists and lines that never end are cut off. */
export function createVariableReader(ups: string): NutReader {
  const decoder = new TextDecoder()
  const variables = new Map<string, string>()
  let rest = ''
  let bytes = 0
  let begun = false

  const take = (line: Line): NutReply | undefined => {
    if (line.kind === 'error' || line.kind === 'broken') return line
    if (begun === (line.kind === 'begin')) return { kind: 'broken', reason: 'not a NUT answer' }
    begun = true
    if (line.kind === 'end') return { kind: 'variables', variables: Object.fromEntries(variables) }
    if (line.kind === 'variable') variables.set(line.name, line.value)
    return variables.size > most.variables ? tooLong : undefined
  }
  return {
    push: (chunk) => {
      bytes += chunk.length
      if (bytes > most.bytes) return tooLong
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const reply = take(readLine(line.trimEnd(), ups))
        if (reply) return reply
      }
      return rest.length > most.line ? tooLong : undefined
    },
  }
}
