import { array, assert as check, constantFrom, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressKey, createAttempts } from '../../src/access/attempts.ts'
import { demandStrong, hashPassword, isPassword, wasteTime } from '../../src/access/passwords.ts'
import { may, permissionsOf, scopeOf } from '../../src/access/permissions.ts'
import { createSignInTries } from '../../src/access/sign-in-tries.ts'
import {
  type Grant,
  permissions,
  type Role,
  rolePermissions,
  roles,
} from '../../src/contract/api/access.ts'

const grant = (role: Role, over: Partial<Grant> = {}): Grant => ({
  role,
  areaId: null,
  contractId: null,
  ...over,
})
const pairs = roles.flatMap((role) => permissions.map((permission) => [role, permission] as const))

describe('permissions', () => {
  test.each(pairs)('a %s and %s, in each kind of scope', (role, permission) => {
    const has = rolePermissions[role].includes(permission)
    const nowhere = { everywhere: false, areas: [], contracts: [] }
    const only = (areas: string[], contracts: string[]) =>
      has ? { everywhere: false, areas, contracts } : nowhere
    expect(may([grant(role)], permission)).toBe(has)
    expect(scopeOf([grant(role)], permission)).toEqual(has ? { everywhere: true } : nowhere)
    expect(scopeOf([grant(role, { areaId: 'a' })], permission)).toEqual(only(['a'], []))
    expect(scopeOf([grant(role, { contractId: 'c' })], permission)).toEqual(only([], ['c']))
  })

  test('of nobody are none', () => {
    for (const permission of permissions) {
      expect(may([], permission)).toBe(false)
      expect(scopeOf([], permission)).toEqual({ everywhere: false, areas: [], contracts: [] })
    }
    expect(permissionsOf([])).toEqual([])
  })

  test('of one grant do not reach the place of another', () => {
    const grants = [grant('viewer'), grant('scheduler', { areaId: 'a' })]
    expect(scopeOf(grants, 'asset:read')).toEqual({ everywhere: true })
    expect(scopeOf(grants, 'lighting:write')).toEqual({
      everywhere: false,
      areas: ['a'],
      contracts: [],
    })
    expect(may(grants, 'user:write')).toBe(false)
  })

  test('of several grants add up, in any order', async () => {
    const some = constantFrom<Grant[]>(
      ...roles.flatMap((role) => [
        grant(role, { areaId: 'a' }),
        grant(role, { areaId: 'b' }),
        grant(role, { contractId: 'c' }),
      ]),
    )
    await check(
      property(array(some), constantFrom(...permissions), (grants, permission) => {
        const scope = scopeOf(grants, permission)
        const carrying = grants.filter((one) => rolePermissions[one.role].includes(permission))
        if (scope.everywhere) throw new Error('nobody gave everything')
        const asked = (ids: (string | null)[]) => ids.filter((id) => id !== null).sort()
        expect([...scope.areas].sort()).toEqual(asked(carrying.map((one) => one.areaId)))
        expect([...scope.contracts].sort()).toEqual(asked(carrying.map((one) => one.contractId)))
        expect(may(grants, permission)).toBe(carrying.length > 0)
      }),
    )
  })

  test('of who reads are with everybody; of who writes with few', () => {
    for (const role of roles) expect(rolePermissions[role]).toContain('asset:read')
    const writers = (permission: (typeof permissions)[number]) =>
      roles.filter((role) => rolePermissions[role].includes(permission))
    expect(writers('user:write')).toEqual(['admin'])
    expect(writers('agent:write')).toEqual(['admin'])
    expect(writers('lighting:write')).toEqual(['scheduler', 'admin'])
  })
})

describe('tries', () => {
  const rule = { burst: 3, refillMs: 1000, maxKeys: 3 }

  test('are so many at once, then one each refill', () => {
    const tries = createAttempts(rule)
    expect([1, 2, 3, 4].map(() => tries.take('a', 0))).toEqual([0, 0, 0, 1000])
    expect(tries.take('a', 500)).toBe(500)
    expect(tries.take('a', 1000)).toBe(0)
    expect(tries.take('a', 1000)).toBe(1000)
    expect(tries.take('b', 0)).toBe(0)
  })

  test('are not refilled by a clock that steps back, nor beyond the burst', () => {
    const tries = createAttempts(rule)
    for (let i = 0; i < 3; i += 1) tries.take('a', 10_000)
    expect(tries.take('a', 0)).toBe(1000)
    expect([1, 2, 3, 4].map(() => tries.take('a', 1e9))).toEqual([0, 0, 0, 1000])
  })

  test('come back when they were none', () => {
    const tries = createAttempts(rule)
    for (let i = 0; i < 20; i += 1) {
      expect(tries.take('a', 0)).toBe(0)
      tries.giveBack('a', 0)
    }
  })

  test('of who goes on trying are remembered longest', () => {
    const tries = createAttempts(rule)
    for (let i = 0; i < 3; i += 1) tries.take('victim', 0)
    for (const other of ['x1', 'x2']) tries.take(other, 0)
    tries.take('x1', 0)
    tries.take('x2', 0)
    tries.take('x3', 0)
    expect(tries.take('x1', 0)).toBe(0)
    expect(tries.take('victim', 0)).toBe(0)
  })

  test('in any minute are never more than the rule says', async () => {
    await check(
      property(array(integer({ min: 0, max: 900 }), { maxLength: 60 }), (waits) => {
        const tries = createAttempts(rule)
        let now = 0
        const taken: number[] = []
        for (const wait of waits) {
          now += wait
          if (tries.take('a', now) === 0) taken.push(now)
        }
        for (const from of taken) {
          const inside = taken.filter((at) => at >= from && at < from + 5000).length
          expect(inside).toBeLessThanOrEqual(rule.burst + 5)
        }
      }),
    )
  })

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s are counted under %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })

  test('to sign in are one name from one place, once it is known', () => {
    const tries = createSignInTries()
    const storm = (name: string, address: string, times: number) =>
      Array.from({ length: times }, () => tries.take(name, address, 0)).filter((wait) => wait === 0)
        .length
    tries.take('an', '10.0.0.1', 0)
    tries.succeeded('an', '10.0.0.1', 0)
    expect(storm('binh', '10.0.0.1', 50)).toBe(10)
    for (let i = 0; i < 10; i += 1) storm('an', `10.0.1.${i}`, 50)
    expect(storm('an', '10.0.2.1', 50)).toBe(0)
    expect(tries.take('AN', '10.0.0.1', 0)).toBe(0)
    expect(storm('an', '10.0.0.1', 50)).toBe(9)
  })
})

describe('passwords', () => {
  test.each([
    ['123456789', 'short'],
    ['aaaaaaaaaaaaaa', 'one sign'],
    ['abcdabcdabcd', 'four signs'],
    ['Nguyen.an-2026', 'the name'],
  ])('%s is weak: %s', (password) => {
    expect(() => demandStrong(password, 'nguyen.an')).toThrow(/at least 10/)
  })

  test.each(['đèn đường sáng', 'correct horse battery', 'a1b2c3d4e5'])(
    '%s is strong enough',
    (password) => {
      expect(() => demandStrong(password, 'nguyen.an')).not.toThrow()
    },
  )

  test('are kept as argon2id, each with its own salt', async () => {
    const [one, two] = [await hashPassword('x'), await hashPassword('x')]
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(two)
    expect([await isPassword(one, 'x'), await isPassword(one, 'X')]).toEqual([true, false])
  })

  test('of nobody are looked at all the same', async () => {
    await expect(wasteTime('anything')).resolves.toBeUndefined()
  })
})
