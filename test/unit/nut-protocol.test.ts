import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createVariableReader, isUpsName, words } from '../../agents/power/nut-protocol.ts'
import { recorderFile } from '../support/recorder-files.ts'

/** What upsd said to `LIST VAR <ups>` in a recorded session. */
function repliesIn(session: string): Map<string, string> {
  const replies = new Map<string, string>()
  let command = ''
  for (const line of recorderFile(`nut/${session}.txt`).split('\n')) {
    if (line.startsWith('C: ')) command = line.slice(3)
    else if (line.startsWith('S: ')) {
      replies.set(command, `${replies.get(command) ?? ''}${line.slice(3)}\n`)
    }
  }
  return replies
}
const recorded = repliesIn('session-dummy-ups-2.8.0')
const dead = repliesIn('session-stale-and-dead-driver')
const replyOf = (command: string) => recorded.get(command) ?? ''

const readAll = (ups: string, text: string, size = text.length) => {
  const reader = createVariableReader(ups)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) {
    const reply = reader.push(bytes.subarray(at, at + size))
    if (reply) return reply
  }
  return undefined
}

describe('recorded sessions', () => {
  test('all variables of a healthy UPS', () => {
    const reply = readAll('ups1', replyOf('LIST VAR ups1'))
    if (reply?.kind !== 'variables') throw new Error('no variables')
    expect(Object.keys(reply.variables)).toHaveLength(34)
    expect(reply.variables).toMatchObject({
      'ups.status': 'OL',
      'device.model': 'Smart-UPS 1500',
      'ups.test.result': 'Done and passed',
    })
  })

  test('in pieces of any size, the same', () => {
    const text = replyOf('LIST VAR ups2')
    const whole = readAll('ups2', text)
    expect(whole?.kind).toBe('variables')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length }), (size) => {
        expect(readAll('ups2', text, size)).toEqual(whole)
      }),
    )
  })

  test.each([
    ['LIST VAR ups1', 'DATA-STALE'],
    ['LIST VAR ups2', 'DRIVER-NOT-CONNECTED'],
  ])('%s: %s', (command, code) => {
    expect(readAll('ups1', dead.get(command) ?? '')).toEqual({ kind: 'error', code })
  })

  test('half a list is no list', () => {
    const text = replyOf('LIST VAR ups1')
    expect(readAll('ups1', text.slice(0, -25))).toBeUndefined()
  })
})

describe('lines', () => {
  test.each([
    ['VAR u a "b c"', ['VAR', 'u', 'a', 'b c']],
    [String.raw`VAR u a "say \"hi\" \\o/"`, ['VAR', 'u', 'a', String.raw`say "hi" \o/`]],
    ['VAR u a ""', ['VAR', 'u', 'a', '']],
    ['  END   LIST ', ['END', 'LIST']],
    ['', []],
    ['VAR u a "open', undefined],
  ])('%s', (line, expected) => {
    expect(words(line)).toEqual(expected)
  })

  test('quoted text of any kind comes back', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\n\r]/.test(text)),
        (value) => {
          const quoted = value.replace(/["\\]/g, '\\$&')
          const text = `BEGIN LIST VAR u\nVAR u x "${quoted}"\nEND LIST VAR u\n`
          expect(readAll('u', text)).toEqual({ kind: 'variables', variables: { x: value } })
        },
      ),
    )
  })
})

describe('what is not an answer', () => {
  const begin = 'BEGIN LIST VAR u\n'
  test.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n', 'not a NUT answer'],
    ['another list', 'BEGIN LIST VAR other\n', 'not a NUT answer'],
    ['a variable of another UPS', `${begin}VAR other a "1"\n`, 'not a NUT answer'],
    ['a list that begins twice', begin + begin, 'not a NUT answer'],
    ['an end without a beginning', 'END LIST VAR u\n', 'not a NUT answer'],
    ['open quotes', `${begin}VAR u a "1\n`, 'not a NUT answer'],
    ['a line without an end', 'x'.repeat(5000), 'list too long'],
    ['the same line for ever', begin + 'VAR u a "1"\n'.repeat(30_000), 'list too long'],
    [
      'new variables for ever',
      begin + Array.from({ length: 3000 }, (_, i) => `VAR u a${i} "1"\n`).join(''),
      'list too long',
    ],
  ])('%s', (_, text, reason) => {
    expect(readAll('u', text, 1024)).toEqual({ kind: 'broken', reason })
  })

  test('any bytes at all never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        const reader = createVariableReader('u')
        const kinds = chunks.map((chunk) => reader.push(chunk)?.kind)
        expect(kinds.every((kind) => kind !== 'variables')).toBe(true)
      }),
    )
  })
})

describe('names', () => {
  test.each([
    ['ups1', true],
    ['APC_1500.b', true],
    ['', false],
    ['ups1\nSET VAR ups1 ups.status OL', false],
    ['a b', false],
    ['"', false],
  ])('%j may be sent: %s', (name, allowed) => {
    expect(isUpsName(name)).toBe(allowed)
  })
})
