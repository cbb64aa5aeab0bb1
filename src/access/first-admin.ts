import type { Grant } from '../contract/api/access.ts'
import type { ProblemCode } from '../contract/api/problems.ts'
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
  try {
    await addAdmin(users, password, given === undefined)
  } catch (error) {
    // Another hub on the same database was faster: its administrator is ours.
    if (isProblem(error, 'resource.conflict')) return undefined
    if (!isProblem(error, 'access.weak-password')) throw error
    throw new Problem(error.code, `ANSANG_ADMIN_PASSWORD: ${error.message}`, { cause: error })
  }
  return given === undefined ? password : undefined
}

const isProblem = (error: unknown, code: ProblemCode): error is Problem =>
  error instanceof Problem && error.code === code

const addAdmin = (users: Users, password: string, mustChangePassword: boolean) =>
  users.add(
    {
      username: 'admin',
      name: 'Quản trị hệ thống',
      password,
      language: 'vi',
      grants: everywhere,
      mustChangePassword,
    },
    null,
  )

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
