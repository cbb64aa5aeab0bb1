import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createManualClock, days, hours, minutes } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { createInfluxSeries, type InfluxOptions } from '../../src/ingest/influx.ts'
import { classifyWrite } from '../../src/ingest/influx-answers.ts'
import { parseInfluxUrl } from '../../src/ingest/open-series.ts'
import { type Point, type SeriesStore, StoreUnavailable } from '../../src/ingest/series.ts'
import { cleanTag } from '../../src/ingest/series-names.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { requirePart } from '../support/real-parts.ts'

const now = Math.floor(Date.now() / hours(1)) * hours(1) + minutes(20)
const clock = createManualClock(now)
const program = requirePart('influxd')

const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one()
})

async function openOn(url: string, extra: Partial<InfluxOptions> = {}): Promise<SeriesStore> {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-influx-'))
  const { address, managed } = parseInfluxUrl(url)
  const options = { address, managed, folder, clock, log: silentLog, ...extra }
  const store = await createInfluxSeries(options)
  undo.push(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return store
}

const ups = (asset: string, at: number, fields: Record<string, number>): Point => ({
  measurement: 'ups',
  asset,
  part: '',
  at,
  fields,
})

const readBack = (store: SeriesStore, asset: string, fields = ['in_v']) =>
  store.query({ measurement: 'ups', asset, fields, from: now - days(20), to: now + hours(1) })

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe.runIf(program)('answers of a real influxd', () => {
  let influxd: Influxd
  beforeAll(async () => {
    influxd = await startInfluxd(program ?? '')
  })
  afterAll(() => influxd?.remove())

  it('makes the database and its policies when they are missing, and again when dropped', async () => {
    const store = await openOn(influxd.url('fresh'))
    await store.write([ups('u1', now - 1000, { in_v: 1 })])
    const policies = JSON.stringify(await influxd.ask('SHOW RETENTION POLICIES ON "fresh"'))
    expect(policies).toContain('["raw","720h0m0s","24h0m0s",1,true]')
    expect(policies).toContain('["m5","8760h0m0s","168h0m0s",1,false]')
    expect(policies).toContain('["h1","43824h0m0s","168h0m0s",1,false]')
    await influxd.ask('DROP DATABASE "fresh"')
    expect(await readBack(store, 'u1')).toEqual([])
    expect(await store.write([ups('u1', now - 1000, { in_v: 2 })])).toMatchObject({ stored: 1 })
    await influxd.ask('DROP RETENTION POLICY "raw" ON "fresh"')
    expect(await store.write([ups('u1', now - 1000, { in_v: 3 })])).toMatchObject({ stored: 1 })
    expect(await readBack(store, 'u1')).toHaveLength(1)
  })

  it('makes a lost roll-up policy again instead of forgetting the hour', async () => {
    const store = await openOn(influxd.url('policy'))
    await store.write([ups('u1', now - hours(3), { in_v: 5 })])
    await influxd.ask('DROP RETENTION POLICY "h1" ON "policy"')
    await store.maintain(now)
    const kept = await influxd.ask('SELECT "in_v_max" FROM "h1"."ups"', 'policy')
    expect(JSON.stringify(kept)).toContain('"in_v_max"')
  })

  it('rolls up an hour of more series than one page holds', async () => {
    const store = await openOn(influxd.url('pages'))
    const at = now - hours(4)
    // Series without samples in the hour stand between those that have some.
    const fleet = Array.from({ length: 5000 }, (_, n) =>
      ups(`u${String(n).padStart(4, '0')}`, n % 2 === 0 ? at : now - 1000, { in_v: n }),
    )
    await store.write(fleet)
    await store.maintain(now)
    const counted = await influxd.ask('SELECT count("in_v_max") FROM "h1"."ups"', 'pages')
    expect(JSON.stringify(counted)).toContain('[[0,2500]]')
  })

  it('keeps an hour dirty whose points were still on their way when it was rolled up', async () => {
    const gate = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const slow = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      if (request.url?.includes('rp=raw')) {
        arrived.resolve()
        await gate.promise
      }
      const headers = { ...request.headers } as Record<string, string>
      for (const name of ['host', 'connection', 'content-length']) delete headers[name]
      const url = `http://127.0.0.1:${influxd.port}${request.url}`
      const answer = await fetch(url, { method: 'POST', headers, body: Buffer.concat(parts) })
      response.writeHead(answer.status).end(await answer.text())
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => slow.once('listening', resolve))
    undo.push(() => {
      slow.closeAllConnections()
      slow.close()
    })
    const direct = await openOn(influxd.url('late'))
    await direct.write([ups('u1', now - hours(3), { in_v: 1 })])
    const { port } = slow.address() as AddressInfo
    const store = await openOn(`influx://127.0.0.1:${port}/late`)
    const writing = store.write([ups('u1', now - hours(3) + 1000, { in_v: 9 })])
    await arrived.promise
    await store.maintain(now)
    gate.resolve()
    await writing
    const question = { measurement: 'ups', asset: 'u1', fields: ['in_v'], from: now - days(1) }
    const highest = () => store.query({ ...question, to: now, everyMs: hours(1), aggregate: 'max' })
    expect((await highest()).map((row) => row.values['in_v'])).toEqual([9])
    await store.maintain(now)
    expect((await highest()).map((row) => row.values['in_v'])).toEqual([9])
  })

  it('changes the duration of a policy when the setting changed', async () => {
    const first = await openOn(influxd.url('longer'))
    await first.write([ups('u1', now - 1000, { in_v: 1 })])
    await influxd.ask('DROP RETENTION POLICY "m5" ON "longer"')
    await influxd.ask('DROP RETENTION POLICY "raw" ON "longer"')
    const second = await openOn(influxd.url('longer'), { retention: { raw: days(10) } })
    await influxd.ask('CREATE RETENTION POLICY "m5" ON "longer" DURATION 2d REPLICATION 1')
    await second.write([ups('u1', now - 1000, { in_v: 1 })])
    const policies = JSON.stringify(await influxd.ask('SHOW RETENTION POLICIES ON "longer"'))
    expect(policies).toContain('["raw","240h0m0s"')
    expect(policies).toContain('["m5","8760h0m0s"')
  })

  it('leaves a schema alone that is not ours, and still answers buckets rightly', async () => {
    const store = await openOn(`${influxd.url('foreign')}?schema=none`)
    const error = await failure(store.write([ups('u1', now - 1000, { in_v: 1 })]))
    expect(error).toMatchObject({ name: 'StoreUnavailable', kind: 'schema', needsSomeone: true })
    expect(await store.health()).toEqual({ ok: false })
    await influxd.ask('CREATE DATABASE "foreign"')
    const points = [1, 2, 6].map((n) => ups('u1', now - hours(9) + minutes(n), { in_v: n }))
    expect(await store.write(points)).toEqual({ stored: 3, refused: [] })
    await store.maintain(now)
    const [from, to] = [now - hours(20), now]
    const question = { measurement: 'ups', asset: 'u1', fields: ['in_v'], from, to }
    const found = await store.query({ ...question, everyMs: hours(1) })
    expect(found.map((row) => row.values['in_v'])).toEqual([(1.5 + 6) / 2])
  })

  it('stores the others and names the points whose field has another type', async () => {
    const store = await openOn(influxd.url('types'))
    await store.write([ups('u0', now - 1000, { load_pct: 1 })])
    await fetch(`http://127.0.0.1:${influxd.port}/write?db=types&precision=ms`, {
      method: 'POST',
      body: `ups,asset=other in_v=5i ${now - 1000}`,
    })
    const bad = [
      ups('u1', now - 2000, { in_v: 230, load_pct: 7 }),
      ups('u2', now - 2000, { in_v: 231 }),
    ]
    const good = ups('u3', now - 2000, { load_pct: 3 })
    const result = await store.write([good, ...bad])
    expect(result.stored).toBe(1)
    expect(result.refused.map(({ point }) => point)).toEqual(bad)
    expect(result.refused[0]?.reason).toContain('field type conflict')
    expect(await readBack(store, 'u3', ['load_pct'])).toHaveLength(1)
  })

  it('names the points beyond the retention policy', async () => {
    const store = await openOn(influxd.url('beyond'))
    const old = [ups('u1', now - days(40), { in_v: 1 }), ups('u1', now - days(35), { in_v: 2 })]
    const fresh = [ups('u1', now - days(2), { in_v: 3 }), ups('u1', now - 1000, { in_v: 4 })]
    const result = await store.write([...old, ...fresh])
    expect(result.stored).toBe(2)
    expect(result.refused.map(({ point }) => point)).toEqual(old)
    expect(result.refused[0]?.reason).toContain('beyond retention')
    expect(await readBack(store, 'u1')).toHaveLength(2)
  })

  it('understands what the server says about lines it cannot read', async () => {
    await openOn(influxd.url('unread')).then((s) => s.write([ups('u', now - 1000, { in_v: 1 })]))
    const post = async (body: string) => {
      const url = `http://127.0.0.1:${influxd.port}/write?db=unread&precision=ms`
      const headers = { 'content-encoding': 'gzip' }
      const answer = await fetch(url, { method: 'POST', body: gzipSync(body), headers })
      return classifyWrite(answer.status, await answer.text())
    }
    const bad = `ups,asset=a in_v=null ${now}`
    expect(await post(`ups,asset=a in_v=1 ${now}\n${bad}`)).toMatchObject({
      kind: 'partial',
      dropped: 0,
      unparsed: [bad],
    })
    expect(await post(bad)).toMatchObject({ kind: 'partial', unparsed: [bad] })
  })

  it('says which kind of outage a wrong port is, and recovers in the same object', async () => {
    const store = await openOn(influxd.url('outage'), { timeoutMs: 3000 })
    await store.write([ups('u1', now - 1000, { in_v: 1 })])
    await influxd.stop()
    const error = await failure(store.write([ups('u1', now - 500, { in_v: 2 })]))
    expect(error).toMatchObject({ name: 'StoreUnavailable', kind: 'network' })
    expect(await failure(readBack(store, 'u1'))).toBeInstanceOf(StoreUnavailable)
    expect(await failure(store.maintain(now + hours(3)))).toBeInstanceOf(StoreUnavailable)
    expect(await store.health()).toMatchObject({ ok: false })
    await influxd.start()
    expect(await store.health()).toEqual({ ok: true })
    expect(await readBack(store, 'u1')).toHaveLength(1)
  })

  it('keeps every acknowledged point when the server is killed while writing', async () => {
    const store = await openOn(influxd.url('killed'), { timeoutMs: 5000 })
    const batch = (n: number) =>
      Array.from({ length: 500 }, (_, i) => ups('u1', now - hours(2) + n * 500 + i, { in_v: n }))
    const writeAll = async (from: number) => {
      for (let n = from; n < 60; n++) {
        const error = await failure(store.write(batch(n)))
        if (error) return { acknowledged: n, error }
        if (n === 20) void influxd.stop('SIGKILL')
      }
      return { acknowledged: 60, error: undefined }
    }
    await store.write(batch(0))
    const { acknowledged, error } = await writeAll(0)
    expect(error).toBeInstanceOf(StoreUnavailable)
    await influxd.stop('SIGKILL')
    await influxd.start()
    expect((await readBack(store, 'u1')).length).toBeGreaterThanOrEqual(acknowledged * 500)
    expect(await writeAll(acknowledged > 20 ? acknowledged : 21)).toMatchObject({
      error: undefined,
    })
    for (let n = 0; n <= 20; n++) await store.write(batch(n))
    expect(await readBack(store, 'u1')).toHaveLength(60 * 500)
  })

  it('carries any name there and back', async () => {
    const store = await openOn(influxd.url('names'))
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const tricky = fc.string({
      unit: fc.constantFrom('\\', ',', '=', ' ', '"', "'", 'a', '\n', 'đ', '$'),
      minLength: 1,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(name, tricky), fc.oneof(name, tricky), async (asset, part) => {
        fc.pre(cleanTag(asset) !== '')
        const point = { ...ups(asset, now - 1000, { in_v: 42 }), part }
        expect(await store.write([point])).toEqual({ stored: 1, refused: [] })
        const question = { measurement: 'ups', asset, part, fields: ['in_v'] }
        const found = await store.query({ ...question, from: now - 2000, to: now })
        expect(found.map((row) => row.part)).toEqual([cleanTag(part)])
      }),
      { numRuns: 150 },
    )
  })
})

describe.runIf(program)('an influxd with a small body limit', () => {
  it('splits a batch until it fits', async () => {
    const influxd = await startInfluxd(program ?? '', { maxBodyBytes: 4000 })
    undo.push(() => influxd.remove())
    const store = await openOn(influxd.url('small'))
    const points = Array.from({ length: 3000 }, (_, n) =>
      ups('u1', now - hours(2) + n * 1000 + (n % 7), { in_v: n * 1.234567 }),
    )
    expect(await store.write(points)).toEqual({ stored: 3000, refused: [] })
    expect(await readBack(store, 'u1')).toHaveLength(3000)
  })
})

describe.runIf(program)('an influxd that asks for a password', () => {
  it('is away, loudly, with a wrong one, and works with the right one', async () => {
    const influxd = await startInfluxd(program ?? '', { auth: true })
    undo.push(() => influxd.remove())
    await influxd.ask(`CREATE USER "hub" WITH PASSWORD 'right:@/ word' WITH ALL PRIVILEGES`)
    const url = (password: string) =>
      `influx://hub:${encodeURIComponent(password)}@127.0.0.1:${influxd.port}/closed`
    const wrong = await openOn(url('wrong'))
    const loud = { name: 'StoreUnavailable', kind: 'credentials', needsSomeone: true }
    expect(await failure(wrong.write([ups('u', now, { in_v: 1 })]))).toMatchObject(loud)
    expect(await failure(readBack(wrong, 'u'))).toMatchObject(loud)
    expect(await wrong.health()).toMatchObject({ ok: false })
    const right = await openOn(url('right:@/ word'))
    expect(await right.write([ups('u', now - 1, { in_v: 1 })])).toMatchObject({ stored: 1 })
    expect(await readBack(right, 'u')).toHaveLength(1)
    const ask = (text: string) =>
      fetch(
        `http://127.0.0.1:${influxd.port}/query?u=hub&p=${encodeURIComponent('right:@/ word')}`,
        {
          method: 'POST',
          body: new URLSearchParams({ q: text }),
        },
      )
    await ask(`CREATE USER "guest" WITH PASSWORD 'guest'`)
    const guest = await openOn(`influx://guest:guest@127.0.0.1:${influxd.port}/closed`)
    expect(await failure(guest.write([ups('u', now, { in_v: 1 })]))).toMatchObject(loud)
  })
})

describe('servers that misbehave', () => {
  async function fake(handle: Parameters<typeof createServer>[1]): Promise<string> {
    const server: Server = createServer(handle).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    undo.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `influx://127.0.0.1:${(server.address() as AddressInfo).port}/ansang`
  }
  const points = [ups('u', now - 1000, { in_v: 1 })]
  const question = { measurement: 'ups', asset: 'u', fields: ['in_v'], from: now - 5000, to: now }

  it('does not wait for a body that stalls after its headers', async () => {
    const url = await fake((_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"results":')
    })
    const store = await openOn(url, { timeoutMs: 200 })
    expect(await failure(store.write(points))).toMatchObject({ kind: 'timeout' })
    expect(await failure(store.query(question))).toMatchObject({ kind: 'timeout' })
    expect(await store.health()).toMatchObject({ ok: false })
  })

  it('does not wait for a server that never answers', async () => {
    const store = await openOn(await fake(() => {}), { timeoutMs: 200 })
    expect(await failure(store.write(points))).toMatchObject({ kind: 'timeout' })
    expect(await failure(store.query(question))).toMatchObject({ name: 'StoreUnavailable' })
  })

  it('takes a connection that is cut in the middle of an answer as an outage', async () => {
    const url = await fake((request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"results":', () => request.socket.destroy())
    })
    const store = await openOn(url, { timeoutMs: 1000 })
    expect(await failure(store.write(points))).toBeInstanceOf(StoreUnavailable)
    expect(await failure(store.query(question))).toBeInstanceOf(StoreUnavailable)
  })

  it.each([
    [500, '{"error":"timeout"}', 'server'],
    [503, '<html>busy</html>', 'server'],
    [429, '', 'server'],
    [400, '{"error":"database is required"}', 'schema'],
    [404, '{"error":"database not found: \\"ansang\\""}', 'schema'],
    [403, '{"error":"not allowed"}', 'credentials'],
  ])('keeps the points when a proxy answers %i', async (status, body, kind) => {
    const url = await fake((_, response) => response.writeHead(status).end(body))
    const store = await openOn(`${url}?schema=none`, { timeoutMs: 1000 })
    expect(await failure(store.write(points))).toMatchObject({ name: 'StoreUnavailable', kind })
  })

  it('sends gzip that unpacks to one line a point, with precision and policy', async () => {
    const seen: { url: string; body: Buffer }[] = []
    const url = await fake((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        seen.push({ url: request.url ?? '', body: Buffer.concat(parts) })
        response.writeHead(204).end()
      })
    })
    const store = await openOn(url)
    await store.write(points)
    expect(seen).toEqual([
      {
        url: '/write?db=ansang&precision=ms&rp=raw',
        body: expect.any(Buffer),
      },
    ])
    const { gunzipSync } = await import('node:zlib')
    expect(gunzipSync(seen[0]?.body ?? '').toString()).toBe(`ups,asset=u in_v=1 ${now - 1000}`)
  })

  it('needs no server to be opened', async () => {
    const store = await openOn('influx://127.0.0.1:1/ansang', { timeoutMs: 500 })
    expect(await store.health()).toMatchObject({ ok: false })
    await expect(
      new Promise((_, reject) => connect(1, '127.0.0.1').on('error', reject)),
    ).rejects.toThrow('ECONNREFUSED')
  })
})
