import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Grant, Role } from '../../src/contract/api/access.ts'
import { createManualClock, days, hours, minutes, seconds } from '../../src/core/clock.ts'
import { describeOnBoth } from '../support/both-databases.ts'
import {
  type Api,
  adminPassword,
  apiWith,
  makeAreas,
  signIn,
  startTestHub,
  type TestHub,
} from '../support/hub.ts'

const password = 'nobody guesses this one'
const clock = createManualClock(Date.parse('2026-11-24T08:00:00+07:00'))

type Answer = {
  status: number
  code: string | undefined
  detail: string
  cookie: string
  headers: Headers
}

/** Signs in as somebody at that address: the hub trusts a proxy on its own machine. */
async function trySignIn(
  hub: TestHub,
  who: { username: string; password: string },
  address = '10.0.0.1',
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${hub.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address, ...headers },
    body: JSON.stringify(who),
  })
  const body = (await response.json()) as { code?: string; detail?: string }
  const cookie = response.headers.getSetCookie()[0] ?? ''
  const { status } = response
  return { status, code: body.code, detail: body.detail ?? '', cookie, headers: response.headers }
}

const codeOf = (body: unknown) => (body as { code?: string }).code
const everywhere = (role: Role): Grant[] => [{ role, areaId: null, contractId: null }]

describeOnBoth('access', (newSettings) => {
  let hub: TestHub
  let admin: Api
  let users = 0
  const newUser = async (grants: Grant[] = everywhere('viewer')) => {
    users += 1
    const username = `person-${users}`
    const id = await hub.inside.users.add(
      { username, name: 'Người', password, language: 'vi', grants },
      null,
    )
    return { id, username, password }
  }
  const isSignedIn = async (api: Api) =>
    (await api.request('GET', '/api/v1/session')).status === 200

  beforeAll(async () => {
    hub = await startTestHub({ clock, settings: await newSettings() })
    admin = await hub.admin()
  })
  afterAll(() => hub.end())

  describe('signing in', () => {
    it('says the same for a wrong password, an unknown and a disabled user', async () => {
      const known = await newUser()
      const gone = await newUser()
      await admin.call('PATCH', `/api/v1/users/${gone.id}`, { disabled: true })
      const answers = [
        await trySignIn(hub, { ...known, password: 'wrong' }),
        await trySignIn(hub, { username: 'nobody-here', password: 'wrong' }),
        await trySignIn(hub, gone),
        await trySignIn(hub, { username: "' or 1=1 --", password: "' or '1'='1" }),
        await trySignIn(hub, { username: 'a\0b', password: '\ud800' }),
      ]
      const { status, code, detail } = answers[0] ?? {}
      expect([status, code]).toEqual([401, 'access.bad-credentials'])
      for (const one of answers) expect(one).toMatchObject({ status, code, detail, cookie: '' })
    })

    it('takes the name in any case', async () => {
      const { username } = await newUser()
      const { status } = await trySignIn(hub, { username: username.toUpperCase(), password })
      expect(status).toBe(200)
    })

    it('gives a cookie that scripts, other sites and plain HTTP do not get', async () => {
      const who = await newUser()
      const plain = await trySignIn(hub, who)
      expect(plain.cookie).toMatch(/^ansang_session=[\w-]{43}; /)
      expect(plain.cookie).toMatch(/HttpOnly/)
      expect(plain.cookie).toMatch(/SameSite=Strict/)
      expect(plain.cookie).toMatch(/Path=\//)
      expect(plain.cookie).not.toMatch(/Secure/)
      const tls = await trySignIn(hub, who, '10.0.0.1', { 'x-forwarded-proto': 'https' })
      expect(tls.cookie).toMatch(/Secure/)
      expect(plain.headers.get('cache-control')).toBe('no-store')
    })

    it('keeps no cookie, password or token in the database', async () => {
      const who = await newUser()
      const { cookie } = await trySignIn(hub, who)
      const value = /=([\w-]+);/.exec(cookie)?.[1] ?? ''
      const api = await hub.api(who.username, password)
      const { token } = await api.call<{ token: string }>('POST', '/api/v1/tokens', { name: 'x' })
      const rows = await hub.inside.db.read(async (q) => [
        await q.selectFrom('sessions').selectAll().execute(),
        await q.selectFrom('users').selectAll().execute(),
        await q.selectFrom('apiTokens').selectAll().execute(),
        await q.selectFrom('audit').selectAll().execute(),
      ])
      const text = JSON.stringify(rows)
      expect(value).toHaveLength(43)
      expect([value, token, password].filter((secret) => text.includes(secret))).toEqual([])
    })
  })

  describe('guessing', () => {
    const guess = (username: string, address: string) =>
      trySignIn(hub, { username, password: 'a wrong guess' }, address)
    const storm = async (username: string, address: string, times: number) => {
      const answers = await Promise.all(
        Array.from({ length: times }, () => guess(username, address)),
      )
      return answers.map((one) => one.status)
    }

    it('ends after some tries at one address, and says how long to wait', async () => {
      const { username } = await newUser()
      const statuses = await storm(username, '10.1.0.1', 14)
      expect(statuses.filter((status) => status === 401)).toHaveLength(10)
      const refused = await guess(username, '10.1.0.1')
      expect([refused.status, refused.code]).toEqual([429, 'request.too-many'])
      const waitS = Number(/wait (\d+) s/.exec(refused.detail)?.[1])
      expect(waitS).toBeGreaterThan(0)
      clock.step(seconds(waitS))
      expect((await guess(username, '10.1.0.1')).status).toBe(401)
    })

    it('costs neither other people nor the same person elsewhere their tries', async () => {
      const victim = await newUser()
      const other = await newUser()
      await storm(victim.username, '10.2.0.1', 200)
      expect((await trySignIn(hub, other, '10.2.0.2')).status).toBe(200)
      expect((await trySignIn(hub, victim, '10.2.0.3')).status).toBe(200)
    })

    it('locks nobody out where they signed in before, by no storm from elsewhere', async () => {
      const victim = await newUser()
      expect((await trySignIn(hub, victim, '10.3.0.1')).status).toBe(200)
      for (let i = 0; i < 8; i += 1) await storm(victim.username, `10.3.1.${i}`, 10)
      expect((await guess(victim.username, '10.3.2.1')).status).toBe(429)
      expect((await trySignIn(hub, victim, '10.3.0.1')).status).toBe(200)
    })

    it('is not made endless by signing in as oneself in between', async () => {
      const [thief, victim] = [await newUser(), await newUser()]
      const statuses: number[] = []
      for (let i = 0; i < 4; i += 1) {
        statuses.push(...(await storm(victim.username, '10.4.0.1', 5)))
        await trySignIn(hub, thief, '10.4.0.1')
      }
      expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10)
    })

    it('is not made endless by the many addresses of one IPv6 network', async () => {
      const { username } = await newUser()
      const answers = []
      for (let i = 0; i < 12; i += 1) answers.push(await guess(username, `2001:db8:1:2::${i + 1}`))
      expect(answers.filter((one) => one.status === 401)).toHaveLength(10)
      expect((await guess(username, '2001:db8:1:3::1')).status).toBe(401)
    })

    it('counts no success', async () => {
      const who = await newUser()
      for (let i = 0; i < 25; i += 1)
        expect((await trySignIn(hub, who, '10.5.0.1')).status).toBe(200)
    })

    it('is slow for the own password of a stolen session as well', async () => {
      const { username } = await newUser()
      const api = await hub.api(username, password)
      const statuses = []
      for (let i = 0; i < 12; i += 1) {
        const body = { current: `guess number ${i}`, next: 'another good long one' }
        statuses.push((await api.request('PUT', '/api/v1/session/password', body)).status)
      }
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    })
  })

  describe('a session', () => {
    it('ends after twelve idle hours, and lives on while it is used', async () => {
      const { username } = await newUser()
      const [used, idle] = [await hub.api(username, password), await hub.api(username, password)]
      for (let i = 0; i < 13; i += 1) {
        clock.step(hours(1))
        expect(await isSignedIn(used)).toBe(true)
      }
      expect(await isSignedIn(idle)).toBe(false)
    })

    it('ends after fourteen days whatever happens', async () => {
      const { username } = await newUser()
      const api = await hub.api(username, password)
      for (let i = 0; i < 2 * 14 - 1; i += 1) {
        clock.step(hours(12) - minutes(1))
        expect(await isSignedIn(api)).toBe(true)
      }
      clock.step(hours(11))
      expect(await isSignedIn(api)).toBe(true)
      clock.step(hours(2))
      expect(await isSignedIn(api)).toBe(false)
      admin = await hub.admin()
    })

    it('ends by signing out, and is of no use afterwards', async () => {
      const { username } = await newUser()
      const [one, two] = [await hub.api(username, password), await hub.api(username, password)]
      await one.call('DELETE', '/api/v1/session')
      expect([await isSignedIn(one), await isSignedIn(two)]).toEqual([false, true])
    })

    it('changes nothing without its own CSRF token', async () => {
      const [{ username }, other] = [await newUser(), await newUser()]
      const api = await hub.api(username, password)
      const { csrf } = await (await hub.api(other.username, password)).call<{ csrf: string }>(
        'GET',
        '/api/v1/session',
      )
      const { cookie = '' } = api.headers
      for (const headers of [
        { cookie },
        { cookie, 'x-csrf-token': '' },
        { cookie, 'x-csrf-token': csrf },
        { cookie, 'x-csrf-token': cookie },
      ]) {
        const forged = apiWith(hub.url, headers)
        const answer = await forged.request('POST', '/api/v1/tokens', { name: 'x' })
        expect([answer.status, codeOf(answer.body)]).toEqual([403, 'access.csrf'])
        expect((await forged.request('DELETE', '/api/v1/session')).status).toBe(403)
        expect(await isSignedIn(forged)).toBe(true)
      }
    })

    it('is none with a cookie of nobody', async () => {
      for (const cookie of ['ansang_session=', 'ansang_session=x', 'ansang_session=%00', 'other=1'])
        expect((await apiWith(hub.url, { cookie }).request('GET', '/api/v1/assets')).status).toBe(
          401,
        )
    })
  })

  describe('passwords', () => {
    it('must be changed first where somebody else chose them', async () => {
      const username = 'new-person'
      const body = { username, name: 'Mới', password, grants: everywhere('viewer') }
      await admin.call('POST', '/api/v1/users', body)
      const api = await hub.api(username, password)
      expect(await api.call('GET', '/api/v1/session')).toMatchObject({ mustChangePassword: true })
      for (const [method, path] of [
        ['GET', '/api/v1/assets'],
        ['GET', '/api/v1/live'],
        ['GET', '/api/v1/status'],
        ['POST', '/api/v1/tokens'],
      ] as const)
        expect((await api.request(method, path)).status, path).toBe(403)
      const change = { current: password, next: 'my own good long one' }
      await api.call('PUT', '/api/v1/session/password', change)
      expect(await api.call('GET', '/api/v1/assets')).toMatchObject({ items: [] })
      expect((await trySignIn(hub, { username, password })).status).toBe(401)
      expect((await trySignIn(hub, { username, password: change.next })).status).toBe(200)
    })

    it('end every other session when changed', async () => {
      const { username } = await newUser()
      const [here, there] = [await hub.api(username, password), await hub.api(username, password)]
      const change = { current: password, next: 'my own good long one' }
      await here.call('PUT', '/api/v1/session/password', change)
      expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false])
    })

    it.each(['short', 'aaaaaaaaaaaaaa', 'abababababab', 'xx-weakling-xx'])(
      'are refused when weak: %s',
      async (next) => {
        const username = `weakling`
        if (!(await hub.inside.users.find(username)))
          await hub.inside.users.add(
            { username, name: 'x', password, language: 'vi', grants: everywhere('viewer') },
            null,
          )
        const api = await hub.api(username, password)
        const answer = await api.request('PUT', '/api/v1/session/password', {
          current: password,
          next,
        })
        expect([400, 422]).toContain(answer.status)
        expect(await isSignedIn(api)).toBe(true)
      },
    )

    it('set by an administrator end sessions and tokens', async () => {
      const { id, username } = await newUser()
      const api = await hub.api(username, password)
      const { token } = await api.call<{ token: string }>('POST', '/api/v1/tokens', { name: 'x' })
      const bearer = apiWith(hub.url, { authorization: `Bearer ${token}` })
      expect((await bearer.request('GET', '/api/v1/assets')).status).toBe(200)
      await admin.call('PATCH', `/api/v1/users/${id}`, { password: 'chosen by another one' })
      expect(await isSignedIn(api)).toBe(false)
      expect((await bearer.request('GET', '/api/v1/assets')).status).toBe(401)
      const again = await hub.api(username, 'chosen by another one')
      const change = { current: 'chosen by another one', next: 'my own good long one' }
      await again.call('PUT', '/api/v1/session/password', change)
      expect((await bearer.request('GET', '/api/v1/assets')).status).toBe(401)
    })
  })

  describe('a token', () => {
    const tokenOf = async (grants: Grant[], expiresAt?: string) => {
      const { id: userId, username } = await newUser(grants)
      const api = await hub.api(username, password)
      const body = { name: 'đồng hồ', ...(expiresAt ? { expiresAt } : {}) }
      const { id, token } = await api.call<{ id: string; token: string }>(
        'POST',
        '/api/v1/tokens',
        body,
      )
      const bearer = apiWith(hub.url, { authorization: `Bearer ${token}` })
      return { api, id, userId, token, bearer }
    }
    const statusOf = async (api: Api) => (await api.request('GET', '/api/v1/assets')).status

    it('works without a CSRF token, with the rights of its user', async () => {
      const { bearer, token } = await tokenOf(everywhere('viewer'))
      expect(await statusOf(bearer)).toBe(200)
      expect(await statusOf(apiWith(hub.url, { authorization: `bearer ${token}` }))).toBe(200)
      expect((await bearer.request('POST', '/api/v1/tokens', { name: 'y' })).status).toBe(201)
      expect((await bearer.request('POST', '/api/v1/sites', {})).status).toBe(403)
    })

    it('ends with its time, by revoking and with its user', async () => {
      const soon = new Date(clock.now() + days(1)).toISOString()
      const [timed, revoked, gone] = [
        await tokenOf(everywhere('viewer'), soon),
        await tokenOf(everywhere('viewer')),
        await tokenOf(everywhere('viewer')),
      ]
      await revoked.api.call('DELETE', `/api/v1/tokens/${revoked.id}`)
      expect(await statusOf(revoked.bearer)).toBe(401)
      admin = await hub.admin()
      await admin.call('PATCH', `/api/v1/users/${gone.userId}`, { disabled: true })
      expect(await statusOf(gone.bearer)).toBe(401)
      expect(await statusOf(timed.bearer)).toBe(200)
      clock.step(days(1))
      expect(await statusOf(timed.bearer)).toBe(401)
      admin = await hub.admin()
    })

    it('is not revoked by others, nor made to be old already', async () => {
      const [mine, theirs] = [await tokenOf([]), await tokenOf([])]
      expect((await theirs.api.request('DELETE', `/api/v1/tokens/${mine.id}`)).status).toBe(404)
      const past = new Date(clock.now() - 1).toISOString()
      const answer = await mine.api.request('POST', '/api/v1/tokens', {
        name: 'x',
        expiresAt: past,
      })
      expect(answer.status).toBe(400)
      expect(await theirs.api.call('GET', '/api/v1/tokens')).toHaveLength(1)
    })

    it.each(['Bearer', 'Bearer ', 'Bearer x', 'Bearer ans_x y', 'Basic YWRtaW46YWRtaW4='])(
      'is none: %s',
      async (authorization) => {
        expect(await statusOf(apiWith(hub.url, { authorization }))).toBe(401)
      },
    )
  })

  describe('users', () => {
    it('lose everything at once when disabled, and come back with their rights', async () => {
      const { id, username } = await newUser()
      const api = await hub.api(username, password)
      await admin.call('PATCH', `/api/v1/users/${id}`, { disabled: true })
      expect(await isSignedIn(api)).toBe(false)
      expect((await trySignIn(hub, { username, password })).status).toBe(401)
      await admin.call('PATCH', `/api/v1/users/${id}`, { disabled: false })
      expect((await trySignIn(hub, { username, password })).status).toBe(200)
    })

    it('keep the last administrator of everything', async () => {
      const list = await admin.call<{ id: string; username: string }[]>('GET', '/api/v1/users')
      const first = list.find((one) => one.username === 'admin')?.id
      const { commune } = await makeAreas(admin)
      await newUser([{ role: 'admin', areaId: commune, contractId: null }])
      for (const change of [
        { disabled: true },
        { grants: [] },
        { grants: everywhere('viewer') },
        { grants: [{ role: 'admin', areaId: commune, contractId: null }] },
      ]) {
        const answer = await admin.request('PATCH', `/api/v1/users/${first}`, change)
        expect([answer.status, codeOf(answer.body)]).toEqual([409, 'resource.conflict'])
      }
      expect(await isSignedIn(admin)).toBe(true)
    })

    it('cannot remove each other as administrators at the same moment', async () => {
      const list = await admin.call<{ id: string; username: string }[]>('GET', '/api/v1/users')
      const first = list.find((one) => one.username === 'admin')?.id ?? ''
      for (let i = 0; i < 5; i += 1) {
        const second = await newUser(everywhere('admin'))
        const change = { disabled: true }
        await Promise.allSettled([
          hub.inside.users.change(second.id, change, null),
          hub.inside.users.change(first, change, null),
        ])
        const left = (await hub.inside.users.list()).filter(
          (one) => one.disabled === 0 && one.grants.some((g) => g.role === 'admin' && !g.areaId),
        )
        expect(left).toHaveLength(1)
        await hub.inside.users.change(first, { disabled: false }, null)
        await hub.inside.users.change(second.id, { grants: [] }, null)
      }
      admin = await hub.admin()
    })

    it.each([
      ['an unknown area', { role: 'viewer', areaId: 'nowhere', contractId: null }, 404],
      ['an area and a contract', { role: 'viewer', areaId: 'a', contractId: 'c' }, 400],
      ['an unknown role', { role: 'god', areaId: null, contractId: null }, 400],
      ['the name of a prototype', { role: '__proto__', areaId: null, contractId: null }, 400],
    ])('get no grant for %s', async (_what, grant, status) => {
      const { id } = await newUser()
      const change = { grants: [grant] }
      expect((await admin.request('PATCH', `/api/v1/users/${id}`, change)).status).toBe(status)
      const body = { username: 'never-added', name: 'x', password, grants: [grant] }
      expect((await admin.request('POST', '/api/v1/users', body)).status).toBe(status)
      expect(await hub.inside.users.find('never-added')).toBeUndefined()
    })

    it('have names of their own', async () => {
      const { username } = await newUser()
      const body = { username, name: 'x', password, grants: [] }
      expect((await admin.request('POST', '/api/v1/users', body)).status).toBe(409)
      expect((await admin.request('PATCH', '/api/v1/users/nobody', { name: 'x' })).status).toBe(404)
    })

    it('leave who did what in the audit log, page by page, and no password', async () => {
      const { id } = await newUser()
      await admin.call('PATCH', `/api/v1/users/${id}`, { password: 'chosen by another one' })
      type Page = {
        items: { id: string; action: string; subject: string; username: string | null }[]
        next: string | null
      }
      const all: Page['items'] = []
      let cursor = ''
      for (;;) {
        const page = await admin.call<Page>('GET', `/api/v1/audit?limit=7${cursor}`)
        all.push(...page.items)
        if (page.next === null) break
        cursor = `&cursor=${page.next}`
      }
      expect(new Set(all.map((one) => one.id)).size).toBe(all.length)
      expect(all.length).toBeGreaterThan(20)
      expect(all[0]).toMatchObject({ action: 'user.changed', subject: id, username: 'admin' })
      expect(JSON.stringify(all)).not.toContain('chosen by')
    })
  })
})

describe('the first administrator', () => {
  it('gets a password that is shown once and must be changed', async () => {
    const settings = { ANSANG_ADMIN_PASSWORD: '' }
    const first = await startTestHub({ settings })
    const shown = first.firstPassword ?? ''
    expect(shown).toMatch(/^([0-9a-z]{4}-){4}[0-9a-z]{4}$/)
    const api = await signIn(first.url, 'admin', shown)
    expect(await api.call('GET', '/api/v1/session')).toMatchObject({ mustChangePassword: true })
    await first.stopOnly()
    const second = await startTestHub({ settings, dataDir: first.dataDir })
    expect(second.firstPassword).toBeUndefined()
    expect((await trySignIn(second, { username: 'admin', password: shown })).status).toBe(200)
    await second.end()
  })

  it('has the password that the settings give, for good', async () => {
    const hub = await startTestHub()
    expect(hub.firstPassword).toBeUndefined()
    expect(await (await hub.admin()).call('GET', '/api/v1/session')).toMatchObject({
      mustChangePassword: false,
    })
    await hub.stopOnly()
    const again = await startTestHub({
      dataDir: hub.dataDir,
      settings: { ANSANG_ADMIN_PASSWORD: 'changed in the settings' },
    })
    expect((await trySignIn(again, { username: 'admin', password: adminPassword })).status).toBe(
      200,
    )
    await again.end()
  })

  it('is refused a weak given password with the name of the setting', async () => {
    const started = startTestHub({ settings: { ANSANG_ADMIN_PASSWORD: 'administrator' } })
    await expect(started).rejects.toThrow(/^ANSANG_ADMIN_PASSWORD: /)
  })
})
