import type { Grant } from '../contract/api/access.ts'
import { newSpokenCode } from '../core/ids.ts'
import { Problem } from '../core/problem.ts'
import type { Users } from './users.ts'

const everywhere: Grant[] = [{ role: 'admin', areaId: null, contractId: null }]

/**
 * Makes the user `admin` when there is no user at all. Returns the password to print once when we
 * had to think of one; undefined when it was given or when users exist.
 */
export async function ensureFirstAdmin(
  users: Users,
  given: string | undefined,
): Promise<string | undefined> {
  if ((await users.count()) > 0) return undefined
  const password = given ?? newSpokenCode(5)
  await users.add(
    {
      username: 'admin',
      name: 'Quản trị hệ thống',
      password,
      language: 'vi',
      grants: everywhere,
      mustChangePassword: given === undefined,
    },
    null,
  )
  return given === undefined ? password : undefined
}

/**
 * The way back in for who can sign in on the machine itself: a new password for `username`, who
 * must change it at once. Throws resource.not-found.
 */
export async function resetPassword(users: Users, username: string): Promise<string> {
  const user = await users.find(username)
  if (!user) throw new Problem('resource.not-found', `there is no user ${username}`)
  const password = newSpokenCode(5)
  await users.change(user.id, { password, disabled: false }, null)
  return password
}
