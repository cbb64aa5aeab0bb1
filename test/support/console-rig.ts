import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type Hub, startHub } from '../../src/app.ts'
import { parseConfig } from '../../src/config.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { type Api, adminPassword, makeAreas, signIn } from './hub.ts'
import { root } from './imports.ts'
import { until } from './until.ts'
import { connectAgent, type WireAgent } from './wire-agent.ts'

export const password = 'the road is lit tonight'

/** A hub with a freshly built console, one agent with devices, and a browser. */
export type ConsoleRig = {
  url: string
  admin: Api
  areas: Awaited<ReturnType<typeof makeAreas>>
  agent: WireAgent
  /** Makes a user who has already chosen the common password. */
  user: (username: string, role: string, areaId?: string | null) => Promise<void>
  /** Tells the hub which channels are offline now; resolves when there are just these alerts. */
  offline: (parts: readonly string[]) => Promise<void>
  /** A page of a fresh browser profile; `wrong` collects what no user should meet. */
  open: (options?: { width?: number; height?: number }) => Promise<{ page: Page; wrong: string[] }>
  stopHub: () => Promise<void>
  startHubAgain: () => Promise<void>
  end: () => Promise<void>
}

function buildConsole(folder: string): void {
  const args = ['build', '--config', 'src/console/vite.config.ts', '--outDir', folder]
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const done = spawnSync(process.execPath, [vite, ...args, '--emptyOutDir'], { cwd: root })
  if (done.status !== 0) throw new Error(`the console does not build: ${done.stderr}`)
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })

const inventory = [
  {
    unit: 'nvr1',
    kind: 'recorder' as const,
    label: 'Đầu ghi UBND',
    parts: [
      { part: 'ch:1', label: 'Ngã tư Chợ' },
      { part: 'ch:2', label: 'Cổng trường' },
      { part: 'disk:1' },
    ],
  },
  {
    unit: 'cab1',
    kind: 'cabinet' as const,
    label: 'Tủ 14',
    parts: [{ part: 'circuit:1', label: 'Lộ 1' }],
  },
]

async function joinAgent(hub: Hub, admin: Api, areaId: string): Promise<WireAgent> {
  const agentId = 'xa-an-binh-1'
  const wish = { name: 'UBND xã An Bình', areaId, agentId }
  const { code } = await admin.call<{ code: string }>('POST', '/api/v1/claims', wish)
  const { secret } = await admin.call<{ secret: string }>('POST', '/api/v1/enrolments', {
    claim: code,
  })
  const port = hub.ports.mqtt ?? 0
  const agent = await until(() => connectAgent({ port, agentId, secret, now: Date.now }))
  const about = { version: '0.1.0', plan: { format: 1 as const }, rules: 1, capabilities: [] }
  await agent.send('birth', { ...about, inventory, held: {} })
  const inService = async (kind: string) => {
    const { items } = await admin.call<{ items: { id: string }[] }>(
      'GET',
      `/api/v1/assets?kind=${kind}`,
    )
    if (!items[0]) return false
    await admin.call('POST', `/api/v1/assets/${items[0].id}/lifecycle`, { to: 'in-service' })
    return true
  }
  for (const kind of ['agent', 'recorder', 'cabinet']) await until(() => inService(kind))
  return agent
}

const telemetry = (offline: readonly string[]) => ({
  samples: [
    {
      unit: 'nvr1',
      kind: 'recorder' as const,
      parts: {
        '': { reachable: 1, cpu: 12 },
        'ch:1': { online: offline.includes('ch:1') ? 0 : 1, recording: null },
        'ch:2': { online: offline.includes('ch:2') ? 0 : 1 },
        'disk:1': { ok: 1, used_pct: 88 },
      },
      reasons: { 'ch:1/recording': 'not supported' },
    },
    {
      unit: 'cab1',
      kind: 'cabinet' as const,
      parts: { 'circuit:1': { on: 1, desired: 1, p: 900 } },
    },
  ],
})

/** What a page does that no user should meet: errors, and addresses outside of the hub. */
function listenForWrong(context: BrowserContext, url: string): string[] {
  const wrong: string[] = []
  context.on('weberror', (found) => wrong.push(`error: ${found.error().message}`))
  context.on('console', (message) => {
    // A refused request is the hub's answer; the page shows it in words.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      wrong.push(`console: ${message.text()}`)
  })
  context.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      wrong.push(`request to ${request.url()}`)
  })
  return wrong
}

const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

export async function startConsoleRig(chromiumPath: string): Promise<ConsoleRig> {
  const folder = mkdtempSync(join(tmpdir(), 'ansang-console-'))
  const consoleFolder = join(folder, 'console')
  buildConsole(consoleFolder)
  const config = parseConfig({
    ANSANG_DATA_DIR: join(folder, 'data'),
    ANSANG_HTTP_PORT: String(await freePort()),
    ANSANG_MQTT_PORT: '0',
    ANSANG_ADMIN_PASSWORD: adminPassword,
  })
  const start = () => startHub({ config, clock: systemClock, log: silentLog, consoleFolder })
  let hub = await start()
  const { url } = hub
  const admin = await signIn(url, 'admin', adminPassword)
  const areas = await makeAreas(admin)
  const agent = await joinAgent(hub, admin, areas.commune)
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: flags.split(' '),
  })
  return {
    url,
    admin,
    areas,
    agent,
    user: async (username, role, areaId = null) => {
      const first = 'the first one of many'
      const grants = [{ role, areaId, contractId: null }]
      const name = `Người ${username}`
      await admin.call('POST', '/api/v1/users', { username, name, password: first, grants })
      const own = await signIn(url, username, first)
      await own.call('PUT', '/api/v1/session/password', { current: first, next: password })
    },
    offline: async (parts) => {
      const since = new Date(Date.now() - 600_000).toISOString()
      const active = parts.map((part) => ({
        unit: 'nvr1',
        part,
        code: 'channel-offline',
        since,
        raw: 'netUnreachable',
      }))
      // Said again until it is so: what comes before the hub knows the binding is not judged.
      const isSo = async () => {
        await agent.send('telemetry', telemetry(parts))
        await agent.send('conditions', { rules: 1, unknown: [], active })
        const { items } = await admin.call<{ items: object[] }>('GET', '/api/v1/alerts')
        return items.length === parts.length
      }
      await until(isSo, { what: 'the alerts', everyMs: 300 })
    },
    open: async ({ width = 1280, height = 850 } = {}) => {
      const context = await browser.newContext({ viewport: { width, height }, locale: 'en-US' })
      const wrong = listenForWrong(context, url)
      const page = await context.newPage()
      page.setDefaultTimeout(15_000)
      return { page, wrong }
    },
    stopHub: () => hub.stop(),
    startHubAgain: async () => {
      hub = await start()
    },
    end: async () => {
      await browser.close()
      await agent.end().catch(() => {})
      await hub.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
