import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeOnBoth } from '../support/both-databases.ts'
import { type Api, makeAreas, startTestHub, type TestHub } from '../support/hub.ts'

type Problem = { type: string; title: string; status: number; code: string; detail: string }

const cursorOf = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Texts that have broken something somewhere. */
const nastyTexts = [
  "'; drop table assets; --",
  "' or '1'='1",
  '%',
  '_',
  '\\',
  '50%\\_',
  '__proto__',
  'constructor',
  'toString',
  '\0',
  'a\0b',
  '\ud800',
  'x\udc00y',
  '𝒯hôn Đông 🏮',
  'T\u0302ho\u0302n',
  '\u202eđảo ngược',
  '<script>alert(1)</script>',
  '"\r\nset-cookie: x=1',
  '../../etc/passwd',
  'ı İ ẞ ﬀ',
  ' ',
]

describeOnBoth('bad input', (newSettings) => {
  let hub: TestHub
  let admin: Api
  let areaId = ''
  const problems: string[] = []
  /** Every refusal is a problem document, and none is our own failure. */
  const check = ({ status, body, headers }: Awaited<ReturnType<Api['request']>>, what: string) => {
    if (status >= 500) problems.push(`${status} ${what}`)
    if (status < 400) return
    const isProblem = headers.get('content-type')?.startsWith('application/problem+json')
    const { code, title } = (body ?? {}) as Partial<Problem>
    if (!isProblem || !code || !title) problems.push(`no problem: ${status} ${what}`)
  }
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await admin.request(method, path, body)
    check(answer, `${method} ${path} ${JSON.stringify(body) ?? ''}`.slice(0, 200))
    return answer
  }

  beforeAll(async () => {
    hub = await startTestHub({ settings: await newSettings() })
    admin = await hub.admin()
    areaId = (await makeAreas(admin)).commune
    await admin.call('POST', '/api/v1/assets', {
      id: 'asset-1',
      kind: 'camera',
      name: 'Ngã tư Chợ',
      areaId,
      lifecycle: 'in-service',
    })
  })
  afterAll(() => hub.end())

  it.each(nastyTexts)('keeps or refuses the text %j wherever text is taken', async (text) => {
    problems.length = 0
    const asset = { kind: 'camera', name: text, areaId }
    const added = await ask('POST', '/api/v1/assets', asset)
    const id = (added.body as { id?: string }).id
    if (id) {
      const { body } = await ask('GET', `/api/v1/assets/${id}`)
      expect(typeof (body as { name: string }).name).toBe('string')
      await ask('POST', `/api/v1/assets/${id}/lifecycle`, { to: 'in-service', reason: text })
      await ask('POST', `/api/v1/assets/${id}/equipment`, { serial: text, model: text })
    }
    const query = encodeURIComponent(text.toWellFormed())
    for (const path of [
      `/api/v1/assets?search=${query}`,
      `/api/v1/assets?areaId=${query}`,
      `/api/v1/assets?cursor=${query}`,
      `/api/v1/assets?cursor=${cursorOf([text, text])}`,
      `/api/v1/assets/${query}`,
      `/api/v1/alerts?cursor=${cursorOf([1, text])}`,
      `/api/v1/alerts?assetId=${query}`,
      `/api/v1/agents?cursor=${cursorOf([text])}`,
      `/api/v1/audit?cursor=${cursorOf([text])}`,
      `/api/v1/notify/deliveries?cursor=${cursorOf([text])}`,
      `/api/v1/assets/asset-1/series?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&measurement=${query}&fields=online`,
      `/api/v1/assets/asset-1/series?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&measurement=camera&fields=${query}`,
      `/api/v1/assets/asset-1/series?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&measurement=camera&fields=online&part=${query}`,
      `/api/v1/sla/clocks?month=${query}`,
    ])
      await ask('GET', path)
    await ask('POST', '/api/v1/sites', { name: text, areaId, feeder: text })
    await ask('POST', '/api/v1/areas', { code: text, name: text, kind: 'hamlet', parentId: areaId })
    await ask('POST', '/api/v1/owners', {
      kind: 'household',
      name: text,
      consent: 'counted',
      contact: text,
    })
    await ask('POST', '/api/v1/contracts', {
      code: text,
      name: text,
      contractor: text,
      policyId: text,
    })
    await ask('POST', '/api/v1/claims', { name: text, areaId, agentId: text })
    await ask('POST', '/api/v1/enrolments', { claim: text, version: text })
    await ask('POST', '/api/v1/tokens', { name: text })
    await ask('POST', '/api/v1/users', { username: text, name: text, password: text, grants: [] })
    await ask('POST', '/api/v1/session', { username: text, password: text })
    await ask('POST', '/api/v1/notify/targets', { name: text, kind: 'email', address: text })
    await ask('POST', '/api/v1/bindings', {
      agentId: text,
      unit: text,
      part: text,
      assetId: 'asset-1',
    })
    expect(problems).toEqual([])
  })

  it('finds what was searched for literally', async () => {
    for (const name of ['Trụ 50%', 'Trụ 500', 'A_B', 'AxB', 'C\\D']) {
      await admin.call('POST', '/api/v1/assets', { kind: 'line', name, areaId })
    }
    const found = async (search: string) => {
      const path = `/api/v1/assets?kind=line&search=${encodeURIComponent(search)}`
      const { items } = await admin.call<{ items: { name: string }[] }>('GET', path)
      return items.map((one) => one.name)
    }
    expect(await found('50%')).toEqual(['Trụ 50%'])
    expect(await found('a_b')).toEqual(['A_B'])
    expect(await found('C\\')).toEqual(['C\\D'])
    expect(await found('tru 5')).toEqual(['Trụ 50%', 'Trụ 500'])
  })

  it.each([
    ['too short a key', [1]],
    ['too long a key', [1, 'a', 'b']],
    ['a text for a number', ['now', 'a']],
    ['a fraction', [1.5, 'a']],
    ['a number beyond all integers', [1e300, 'a']],
    ['a number as text', ['1', 'a']],
    ['null', [null, 'a']],
    ['an object', { 0: 1, 1: 'a', length: 2 }],
    ['a nested key', [[1], 'a']],
    ['no JSON', '[1,'],
    ['nothing', ''],
  ])('refuses a cursor with %s', async (_what, key) => {
    problems.length = 0
    const { status, body } = await ask('GET', `/api/v1/alerts?cursor=${cursorOf(key)}`)
    // An empty cursor is none of ours either.
    expect([status, (body as Problem).code]).toEqual([400, 'request.bad-cursor'])
    expect(problems).toEqual([])
  })

  it.each([
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x' }],
    ['POST', '/api/v1/assets', { kind: 'agent', name: 'x', areaId: 'a' }],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 7, areaId: 'a' }],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x', areaId: ['a'] }],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x', areaId: { $ne: null } }],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x', areaId: 'a', lat: 91 }],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x', areaId: 'a', lat: null, lon: '1' }],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x'.repeat(121), areaId: 'a' }],
    ['POST', '/api/v1/assets', []],
    ['POST', '/api/v1/assets', null],
    ['POST', '/api/v1/assets', 'x'],
    ['POST', '/api/v1/assets/asset-1/lifecycle', { to: 'broken' }],
    ['PATCH', '/api/v1/assets/asset-1', { critical: 'yes' }],
    ['POST', '/api/v1/bindings', { agentId: 'x', unit: 'a/b', assetId: 'asset-1' }],
    [
      'POST',
      '/api/v1/bindings',
      { agentId: 'x', unit: 'a', part: 'constructor', assetId: 'asset-1' },
    ],
    ['GET', '/api/v1/assets?limit=0', undefined],
    ['GET', '/api/v1/assets?limit=501', undefined],
    ['GET', '/api/v1/assets?limit=1e2x', undefined],
    ['GET', '/api/v1/assets?health=great', undefined],
    ['GET', '/api/v1/assets?kind=camera&kind=ups', undefined],
    ['GET', '/api/v1/sla/compliance?month=2026-13', undefined],
    ['GET', '/api/v1/sla/compliance', undefined],
    ['GET', `/api/v1/assets?search=${'x'.repeat(81)}`, undefined],
  ])('refuses %s %s %j with the field that is wrong', async (method, path, body) => {
    problems.length = 0
    const answer = await ask(method, path, body)
    expect([answer.status, (answer.body as Problem).code]).toEqual([400, 'request.invalid'])
    expect((answer.body as Problem).detail).not.toBe('')
    expect(problems).toEqual([])
  })

  it.each([
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x', areaId: 'nowhere' }, 404],
    ['POST', '/api/v1/assets', { kind: 'camera', name: 'x', areaId: 'AREA', siteId: 'none' }, 404],
    [
      'POST',
      '/api/v1/assets',
      { kind: 'camera', name: 'x', areaId: 'AREA', parentId: 'none' },
      404,
    ],
    [
      'POST',
      '/api/v1/assets',
      { kind: 'camera', name: 'x', areaId: 'AREA', contractId: 'none' },
      404,
    ],
    ['POST', '/api/v1/assets', { id: 'asset-1', kind: 'camera', name: 'x', areaId: 'AREA' }, 409],
    ['PATCH', '/api/v1/assets/none', { name: 'x' }, 404],
    ['PATCH', '/api/v1/assets/asset-1', { contractId: 'none' }, 404],
    ['POST', '/api/v1/assets/asset-1/equipment', { serial: 's', contractId: 'none' }, 404],
    ['POST', '/api/v1/assets/none/lifecycle', { to: 'retired' }, 404],
    ['POST', '/api/v1/bindings', { agentId: 'none', unit: 'nvr1', assetId: 'asset-1' }, 404],
    ['DELETE', '/api/v1/bindings/none', undefined, 404],
    ['POST', '/api/v1/sites', { name: 'x', areaId: 'none' }, 404],
    ['POST', '/api/v1/areas', { code: 'z', name: 'x', kind: 'hamlet', parentId: 'none' }, 404],
    ['POST', '/api/v1/areas', { code: '40', name: 'x', kind: 'hamlet', parentId: null }, 409],
    ['PATCH', '/api/v1/areas/none', { name: 'x' }, 404],
    ['PATCH', '/api/v1/areas/AREA', { parentId: 'AREA' }, 422],
    ['GET', '/api/v1/alerts/none', undefined, 404],
    ['POST', '/api/v1/alerts/none/acknowledge', {}, 404],
    ['GET', '/api/v1/areas/none/lighting', undefined, 404],
    ['GET', '/api/v1/areas/AREA/lighting', undefined, 404],
    ['POST', '/api/v1/agents/none/revoke', undefined, 404],
    ['POST', '/api/v1/agents/none/secret', undefined, 404],
    ['DELETE', '/api/v1/tokens/none', undefined, 404],
    ['GET', '/api/v1/nothing', undefined, 404],
    ['PUT', '/api/v1/assets/asset-1', {}, 404],
  ])('knows nothing of %s %s %j: %i', async (method, path, body, status) => {
    problems.length = 0
    const here = (text: string) => text.replaceAll('AREA', areaId)
    const sent = body === undefined ? undefined : JSON.parse(here(JSON.stringify(body)))
    expect((await ask(method, here(path), sent)).status).toBe(status)
    expect(problems).toEqual([])
  })

  it('keeps a contract code for one contract', async () => {
    problems.length = 0
    const contract = { code: 'HD-77', name: 'x', contractor: 'x' }
    expect((await ask('POST', '/api/v1/contracts', contract)).status).toBe(201)
    expect((await ask('POST', '/api/v1/contracts', contract)).status).toBe(409)
    expect(problems).toEqual([])
  })

  describe('bodies', () => {
    const send = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
      const response = await fetch(`${hub.url}/api/v1/sites`, {
        method: 'POST',
        headers: { ...admin.headers, 'content-type': 'application/json', ...headers },
        body: body as string,
      })
      const text = await response.text()
      return { status: response.status, text, type: response.headers.get('content-type') }
    }

    it.each([
      ['not JSON', '{"name": '],
      ['empty', ''],
      ['with a prototype', '{"__proto__": {"everywhere": true}, "name": "x", "areaId": "a"}'],
      ['with a constructor', '{"constructor": {"prototype": {"everywhere": true}}}'],
      ['nested deeply', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
      ['of numbers without end', `{"name": 1${'0'.repeat(5000)}}`],
    ])('%s are refused', async (_what, body) => {
      const answer = await send(body)
      expect(answer.status).toBe(400)
      expect(answer.type).toMatch(/^application\/problem\+json/)
      expect(({} as Record<string, unknown>)['everywhere']).toBeUndefined()
    })

    it.each([
      ['another kind', '<x/>', { 'content-type': 'application/xml' }],
      ['no kind', 'x', { 'content-type': '' }],
      ['a form of a foreign page', 'name=x&areaId=a', { 'content-type': 'text/plain' }],
    ])('of %s are refused', async (_what, body, headers) => {
      const answer = await send(body, headers)
      expect(answer.status).toBe(400)
      expect(answer.type).toMatch(/^application\/problem\+json/)
    })

    it('above a megabyte are refused', async () => {
      const answer = await send(JSON.stringify({ name: 'x'.repeat(1_100_000), areaId }))
      expect(answer.status).toBe(413)
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'request.too-large' })
    })
  })

  it.each([
    ['a path that is no text', 'GET /api/v1/assets/%E0%A4%A HTTP/1.1'],
    ['a method that nobody knows', 'BREW /api/v1/assets HTTP/1.1'],
    ['no HTTP', 'hello'],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`],
    ['a long path', `GET /api/v1/assets/${'x'.repeat(300)} HTTP/1.1`],
  ])('stays up after %s', async (_what, line) => {
    const answer = await new Promise<string>((resolve) => {
      let said = ''
      const socket = connect(hub.ports.http, '127.0.0.1', () => {
        socket.write(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`)
      })
      socket.on('data', (chunk) => {
        said += chunk.toString()
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(said))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(answer).not.toMatch(/\bat .*\.(js|ts):\d+/)
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200)
  })
})
