import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Permission,
  permissions,
  rolePermissions,
  roles,
} from '../../src/contract/api/access.ts'
import { type Api, apiWith, startTestHub, type TestHub } from '../support/hub.ts'

type Right = Permission | 'public' | 'signed-in'

/** Who may use which route at all. A new route stands here, or this test fails. */
const rights: Record<string, Right> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public',
  'GET /api/v1/status': 'signed-in',
  'POST /api/v1/session': 'public',
  'GET /api/v1/session': 'signed-in',
  'DELETE /api/v1/session': 'signed-in',
  'PUT /api/v1/session/password': 'signed-in',
  'GET /api/v1/tokens': 'signed-in',
  'POST /api/v1/tokens': 'signed-in',
  'DELETE /api/v1/tokens/{id}': 'signed-in',
  'GET /api/v1/users': 'user:read',
  'POST /api/v1/users': 'user:write',
  'PATCH /api/v1/users/{id}': 'user:write',
  'GET /api/v1/audit': 'audit:read',
  'GET /api/v1/areas': 'area:read',
  'POST /api/v1/areas': 'area:write',
  'PATCH /api/v1/areas/{id}': 'area:write',
  'GET /api/v1/areas/summary': 'asset:read',
  'GET /api/v1/assets': 'asset:read',
  'POST /api/v1/assets': 'asset:write',
  'GET /api/v1/assets/{id}': 'asset:read',
  'PATCH /api/v1/assets/{id}': 'asset:write',
  'GET /api/v1/assets/{id}/series': 'asset:read',
  'POST /api/v1/assets/{id}/lifecycle': 'asset:write',
  'POST /api/v1/assets/{id}/equipment': 'asset:write',
  'POST /api/v1/bindings': 'asset:write',
  'DELETE /api/v1/bindings/{id}': 'asset:write',
  'GET /api/v1/sites': 'asset:read',
  'POST /api/v1/sites': 'asset:write',
  'POST /api/v1/owners': 'asset:write',
  'GET /api/v1/contracts': 'asset:read',
  'POST /api/v1/contracts': 'asset:write',
  'GET /api/v1/agents': 'agent:read',
  'POST /api/v1/claims': 'agent:write',
  'POST /api/v1/enrolments': 'public',
  'POST /api/v1/agents/{id}/secret': 'agent:write',
  'PUT /api/v1/agents/{id}/certificate': 'agent:write',
  'POST /api/v1/agents/{id}/revoke': 'agent:write',
  'GET /api/v1/alerts': 'alert:read',
  'GET /api/v1/alerts/{id}': 'alert:read',
  'POST /api/v1/alerts/{id}/acknowledge': 'alert:ack',
  'POST /api/v1/alerts/{id}/resolve': 'alert:resolve',
  'GET /api/v1/lighting': 'lighting:read',
  'GET /api/v1/areas/{id}/lighting': 'lighting:read',
  'PUT /api/v1/areas/{id}/lighting': 'lighting:write',
  'GET /api/v1/areas/{id}/lighting/rollout': 'lighting:read',
  'POST /api/v1/lighting/preview': 'lighting:read',
  'GET /api/v1/sla/compliance': 'sla:read',
  'GET /api/v1/sla/clocks': 'sla:read',
  'GET /api/v1/sla/calendars': 'sla:read',
  'PUT /api/v1/sla/calendars': 'sla:write',
  'GET /api/v1/sla/policies': 'sla:read',
  'PUT /api/v1/sla/policies': 'sla:write',
  'GET /api/v1/notify/targets': 'notify:read',
  'POST /api/v1/notify/targets': 'notify:write',
  'PATCH /api/v1/notify/targets/{id}': 'notify:write',
  'GET /api/v1/notify/deliveries': 'notify:read',
  'GET /api/v1/live': 'asset:read',
}

type Operation = {
  tags?: string[]
  responses: Record<string, { content?: unknown }>
  security?: unknown[]
  'x-permission'?: string
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: object }
}

let hub: TestHub
let document: Document
beforeAll(async () => {
  hub = await startTestHub()
  document = (await (await fetch(`${hub.url}/api/openapi.json`)).json()) as Document
})
afterAll(() => hub.end())

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  )

const password = 'nobody guesses this one'
async function personWith(role: (typeof roles)[number]): Promise<Api> {
  const grants = [{ role, areaId: null, contractId: null }]
  const username = `some-${role}`
  const user = { username, name: role, password, language: 'vi' as const, grants }
  if (!(await hub.inside.users.find(username))) await hub.inside.users.add(user, null)
  return hub.api(username, password)
}

/** Status of an empty request; a stream is left as soon as it has begun. */
async function statusOf(api: Api, route: string): Promise<number> {
  const [method = '', path = ''] = route.split(' ')
  const leaving = new AbortController()
  const response = await fetch(`${hub.url}${path.replace('{id}', 'nothing-here')}`, {
    method,
    headers: api.headers,
    signal: leaving.signal,
  })
  if (path === '/api/v1/live') leaving.abort()
  else await response.text()
  return response.status
}

describe('the permission table', () => {
  it('names the right of every route', () => {
    const found = Object.fromEntries(
      operations().map(([route, one]) => [route, one['x-permission']]),
    )
    expect(found).toEqual(rights)
  })

  it('has no right that no route asks for, but the one kept for system pages', () => {
    const asked = new Set(Object.values(rights))
    expect(permissions.filter((one) => !asked.has(one))).toEqual(['system:read'])
  })

  it('lets nobody in who has not signed in', async () => {
    const nobody = apiWith(hub.url, {})
    const wrong: string[] = []
    for (const [route, right] of Object.entries(rights)) {
      const status = await statusOf(nobody, route)
      if ((status === 401) !== (right !== 'public')) wrong.push(`${route} → ${status}`)
    }
    expect(wrong).toEqual([])
  })

  it.each(roles)('lets a %s do what the table says and nothing else', async (role) => {
    const wrong: string[] = []
    for (const [route, right] of Object.entries(rights)) {
      const api = await personWith(role)
      const status = await statusOf(api, route)
      const isAllowed =
        right === 'public' || right === 'signed-in' || rolePermissions[role].includes(right)
      if ((status === 403) === isAllowed || status === 401 || status >= 500)
        wrong.push(`${route} → ${status}`)
    }
    expect(wrong).toEqual([])
  })

  it('answers HEAD by the same rules as GET', async () => {
    const viewer = await personWith('viewer')
    const head = (path: string, headers = {}) =>
      fetch(`${hub.url}${path}`, { method: 'HEAD', headers }).then((response) => response.status)
    expect(await head('/api/v1/users')).toBe(401)
    expect(await head('/api/v1/users', viewer.headers)).toBe(403)
    expect(await head('/api/v1/assets', viewer.headers)).toBe(200)
  })

  it.each([
    '/api/v1/users/',
    '//api/v1/users',
    '/api/v1//users',
    '/API/V1/USERS',
    '/api/v1/session/../users',
    '/api/v1/session/%2e%2e/users',
    '/api/v1/session%2f..%2fusers',
    '/api/docs/../v1/users',
    '/api/v1/users;x',
    '/api/v1/users%00',
  ])('is not walked around by %s', async (path) => {
    const { status } = await fetch(`${hub.url}${path}`)
    expect([400, 401, 404]).toContain(status)
  })
})

describe('the OpenAPI document', () => {
  it('describes the answer of every route, its refusals and its room', () => {
    const wrong = operations().filter(([, { responses, tags }]) => {
      const good = Object.entries(responses).filter(([status]) => /^2/.test(status))
      const isDescribed = good.some(([status, { content }]) => status === '204' || content)
      return !isDescribed || !responses['default'] || tags?.length !== 1
    })
    expect(operations().length).toBeGreaterThan(50)
    expect(wrong.map(([route]) => route)).toEqual([])
  })

  it('asks for no session where none is needed, and for one everywhere else', () => {
    const open = operations().filter(([, one]) => one.security?.length === 0)
    const expected = Object.entries(rights).filter(([, right]) => right === 'public')
    expect(open.map(([route]) => route).sort()).toEqual(expected.map(([route]) => route).sort())
  })

  it('has no reference that leads nowhere', () => {
    const text = JSON.stringify(document)
    const references = [...new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref))]
    const lost = references.filter((ref) => {
      let at: unknown = document
      for (const key of (ref ?? '').replace(/^#\//, '').split('/'))
        at = (at as Record<string, unknown> | undefined)?.[key]
      return at === undefined
    })
    expect(references.length).toBeGreaterThan(10)
    expect(lost).toEqual([])
  })

  it('is the one in the docs, made without a hub', async () => {
    const { openApiJson } = await import('../support/generators/openapi.ts')
    const made = JSON.parse(await openApiJson()) as Document
    expect(Object.keys(made.paths).sort()).toEqual(Object.keys(document.paths).sort())
    expect(made).toEqual(document)
  })

  it('can be read with the reference page, which loads nothing from elsewhere', async () => {
    const page = await fetch(`${hub.url}/api/docs/`)
    expect(page.status).toBe(200)
    expect(await page.text()).not.toMatch(/(src|href)="https?:/)
  })
})

describe('the console', () => {
  it('is not needed: the hub says at its place that it is not built', async () => {
    expect(hub.hasConsole).toBe(false)
    const page = await fetch(hub.url)
    expect([page.status, page.headers.get('x-content-type-options')]).toEqual([200, 'nosniff'])
    expect(await page.text()).toMatch(/not built.*npm run build/)
  })
})

describe('health', () => {
  it('is told to anybody, without reasons', async () => {
    const ask = async (path: string) => {
      const response = await fetch(`${hub.url}${path}`)
      return { status: response.status, text: await response.text() }
    }
    expect(await ask('/healthz')).toEqual({ status: 200, text: '{"ok":true}' })
    expect(await ask('/readyz')).toEqual({ status: 200, text: '{"ready":true,"down":[]}' })
    const metrics = await ask('/metrics')
    expect(metrics.status).toBe(200)
    expect(metrics.text).toMatch(/^# HELP /)
    expect(metrics.text).toMatch(/^ansang_\w+/m)
  })
})
