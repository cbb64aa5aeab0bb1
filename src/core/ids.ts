import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Random bytes in stock: asking the system for six at a time costs more than the id. */
const stock = { bytes: randomBytes(0), used: 0 }

function randomText(length: number): string {
  if (stock.used + length > stock.bytes.length) {
    stock.bytes = randomBytes(4096)
    stock.used = 0
  }
  let text = ''
  for (let i = 0; i < length; i += 1) text += alphabet[(stock.bytes[stock.used + i] ?? 0) & 31]
  stock.used += length
  return text
}

const inAlphabet = (value: number, length: number): string => {
  let left = value
  let text = ''
  for (let i = 0; i < length; i += 1) {
    text = alphabet[left % 32] + text
    left = Math.floor(left / 32)
  }
  return text
}

let made = 0

/**
 * A new id that sorts by time and, inside one millisecond of one process, by the order in which
 * ids were made: history that happened in one batch keeps its order. 9 characters of milliseconds,
 * 4 of a counter, 6 random ones.
 */
export const newId = (now: number): string => {
  made += 1
  const time = inAlphabet(Math.max(0, Math.floor(now)), 9)
  return `${time}${inAlphabet(made % 32 ** 4, 4)}${randomText(6)}`
}

/** A code people read aloud or type: groups of four from letters and digits without look-alikes. */
export const newSpokenCode = (groups: number): string =>
  Array.from({ length: groups }, () => randomText(4)).join('-')
