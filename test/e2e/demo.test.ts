import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../support/imports.ts'
import { until } from '../support/until.ts'

const temp = mkdtempSync(join(tmpdir(), 'ansang-demo-test-'))

type Demo = { child: ChildProcess; said: () => string; exit: Promise<number | null> }

function startDemo(args: readonly string[]): Demo {
  const child = spawn(process.execPath, ['src/demo/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: temp },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      text += chunk
    })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, said: () => text, exit }
}

const left = () => readdirSync(temp).filter((name) => name.startsWith('ansang-demo-'))

afterAll(() => rmSync(temp, { recursive: true, force: true }))

type Page<T> = { items: T[]; next: string | null }
type Alert = {
  code: string
  state: string
  openedAt: string
  acknowledgedAt: string | null
  acknowledgedBy: string | null
  resolvedAt: string | null
}
type Counted = { met: number; breached: number; percent: number | null }

describe('a demo of three days', () => {
  let demo: Demo
  let url = ''
  let cookie = ''
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${url}/api/v1${path}`, { headers: { cookie } })
    expect(answer.status, path).toBe(200)
    return (await answer.json()) as T
  }
  const all = async <T>(path: string): Promise<T[]> => {
    const items: T[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<T> = await get(`${path}&limit=100${cursor && `&cursor=${cursor}`}`)
      items.push(...page.items)
      cursor = page.next
    }
    return items
  }

  beforeAll(async () => {
    demo = startDemo(['--days', '3', '--no-build'])
    const ready = /An Sáng is ready: (\S+)/
    await until(
      () => {
        if (demo.child.exitCode !== null) throw new Error(demo.said())
        return ready.test(demo.said())
      },
      { what: 'the demo', timeoutMs: 170_000, everyMs: 100 },
    )
    url = ready.exec(demo.said())?.[1] ?? ''
    const password = /Password of every demo user: (\S+)/.exec(demo.said())?.[1]
    const answer = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    })
    expect(answer.status).toBe(200)
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }, 180_000)
  afterAll(() => demo?.child.kill('SIGKILL'))

  test.each([
    ['recorder', 12],
    ['camera', 126],
    ['ups', 4],
    ['cabinet', 10],
    ['circuit', 24],
    ['agent', 22],
  ])('every %s came by a birth and is in service: %i', async (kind, count) => {
    const assets = await all(`/assets?kind=${kind}&lifecycle=in-service`)
    expect(assets).toHaveLength(count)
  })

  test('alerts have a past: taken on and ended, each after the step before', async () => {
    const alerts = await all<Alert>('/alerts?state=all&withChildren=true')
    const codes = new Set(alerts.map(({ code }) => code))
    for (const code of ['channel-offline', 'disk-fault', 'agent-silent', 'ups-on-battery'])
      expect(codes).toContain(code)
    const done = alerts.filter((one) => one.acknowledgedAt && one.resolvedAt)
    expect(done.length).toBeGreaterThan(3)
    for (const { openedAt, acknowledgedAt, resolvedAt } of done) {
      const steps = [openedAt, acknowledgedAt ?? '', resolvedAt ?? '']
      expect(steps).toEqual(steps.toSorted())
    }
    expect(new Set(done.map((one) => one.acknowledgedBy)).size).toBeGreaterThan(1)
  })

  test('the SLA has figures', async () => {
    const months = new Set(
      [0, 3].map((n) => new Date(Date.now() - n * 86_400_000).toISOString().slice(0, 7)),
    )
    let met = 0
    for (const month of months) {
      const rows = await get<{ areaName: string; response: Counted; resolution: Counted }[]>(
        `/sla/compliance?month=${month}`,
      )
      const province = rows.find(({ areaName }) => areaName.startsWith('Tỉnh'))
      met += (province?.response.met ?? 0) + (province?.resolution.met ?? 0)
    }
    expect(met).toBeGreaterThan(4)
  })

  test('all agents are connected and every cabinet holds its plan', async () => {
    const agents = await all<{ connected: boolean }>('/agents?')
    expect(agents.filter(({ connected }) => connected)).toHaveLength(22)
    const areas = await get<{ id: string; kind: string }[]>('/areas')
    const province = areas.find(({ kind }) => kind === 'province')
    expect(await get(`/areas/${province?.id}/lighting/rollout`)).toMatchObject({
      cabinets: 10,
      running: 10,
      waiting: 0,
      refused: [],
    })
  })

  test('people were told of what was bad, and the story begins', async () => {
    const deliveries = await all<{ state: string }>('/notify/deliveries?')
    expect(deliveries.some(({ state }) => state === 'sent')).toBe(true)
    await until(() => demo.said().includes('→ Cảnh báo'), { what: 'a chapter', timeoutMs: 60_000 })
  })

  test('Ctrl-C ends it all and leaves nothing', async () => {
    expect(left()).toHaveLength(1)
    demo.child.kill('SIGINT')
    expect(await demo.exit).toBe(0)
    expect(left()).toEqual([])
    await expect(fetch(url)).rejects.toThrow()
  })
})

test('Ctrl-C while the month is lived leaves nothing either', async () => {
  const demo = startDemo(['--days', '30', '--no-build'])
  await until(() => demo.said().includes('Living the days before'), { timeoutMs: 100_000 })
  demo.child.kill('SIGTERM')
  expect(await demo.exit).toBe(0)
  expect(left()).toEqual([])
})

describe('what cannot be done is said in a sentence', () => {
  test('a port in use', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = (server.address() as { port: number }).port
    const demo = startDemo(['--port', String(port), '--no-build'])
    expect(await demo.exit).toBe(1)
    server.close()
    expect(demo.said()).toBe(`Port ${port} of 127.0.0.1 is in use; give another one with --port.\n`)
    expect(left()).toEqual([])
  })

  test('a folder with something in it', async () => {
    const folder = join(temp, 'mine')
    mkdirSync(folder)
    writeFileSync(join(folder, 'letter.txt'), 'keep me')
    const demo = startDemo(['--keep', folder, '--no-build'])
    expect(await demo.exit).toBe(1)
    expect(demo.said()).toBe(`The folder ${folder} is not empty; give a new one.\n`)
    expect(readdirSync(folder)).toEqual(['letter.txt'])
  })
})
