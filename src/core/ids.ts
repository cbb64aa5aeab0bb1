import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

const randomText = (length: number): string =>
  Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join('')

/** A new id that sorts by time: 9 characters of milliseconds, 10 random ones (50 bits). */
export const newId = (now: number): string => {
  let left = Math.max(0, Math.floor(now))
  let time = ''
  for (let i = 0; i < 9; i += 1) {
    time = alphabet[left % 32] + time
    left = Math.floor(left / 32)
  }
  return `${time}${randomText(10)}`
}

/** A code people read aloud or type: groups of four from letters and digits without look-alikes. */
export const newSpokenCode = (groups: number): string =>
  Array.from({ length: groups }, () => randomText(4)).join('-')
