import { hash, verify } from '@node-rs/argon2'
import { Problem } from '../core/problem.ts'

/** argon2id with 19 MiB and 2 passes (OWASP's minimum), about 35 ms here. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password, cost)

export const isPassword = (passwordHash: string, password: string): Promise<boolean> =>
  verify(passwordHash, password)

/** A hash of nothing anybody knows: unknown names take as long to refuse as wrong passwords. */
let decoy: Promise<string> | undefined
export const wasteTime = async (password: string): Promise<void> => {
  decoy ??= hashPassword(crypto.randomUUID())
  await isPassword(await decoy, password)
}

/** Long and varied beats rules about signs: 10 characters, 5 different ones, not the name. */
export function demandStrong(password: string, username: string): void {
  const varied = new Set(password).size >= 5
  if (password.length >= 10 && varied && !password.toLowerCase().includes(username)) return
  throw new Problem(
    'access.weak-password',
    'use at least 10 characters, 5 of them different, without the user name',
  )
}
