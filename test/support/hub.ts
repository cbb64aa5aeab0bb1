import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hub, startHub } from '../../src/app.ts'
import { parseConfig } from '../../src/config.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'

export const adminPassword = 'the lamps burn at night'

export type Api = {
  /** What proves who asks: cookie and CSRF token, or a bearer token. */
  headers: Record<string, string>
  request: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ status: number; body: unknown; headers: Headers }>
  /** As `request`, but throws with the problem when the answer is not 2xx. */
  call: <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>
}

export type TestHub = Hub & {
  dataDir: string
  api: (username: string, password: string) => Promise<Api>
  admin: () => Promise<Api>
  /** Stops the hub and removes its folder. */
  end: () => Promise<void>
  /** Stops the hub; its folder stays for the next one. */
  stopOnly: () => Promise<void>
}

type Options = {
  clock?: Clock
  dataDir?: string
  settings?: Record<string, string>
}

export function apiWith(url: string, headers: Record<string, string>): Api {
  const request: Api['request'] = async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = (response.headers.get('content-type') ?? '').includes('json')
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      headers: response.headers,
    }
  }
  return {
    headers,
    request,
    call: async <T>(method: string, path: string, body?: unknown) => {
      const answer = await request(method, path, body)
      if (answer.status >= 300)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body as T
    },
  }
}

/** A session of a person, with cookie and CSRF token. */
export async function signIn(url: string, username: string, password: string): Promise<Api> {
  const response = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })
  if (!response.ok) throw new Error(`sign-in: ${response.status} ${await response.text()}`)
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const { csrf } = (await response.json()) as { csrf: string }
  return apiWith(url, { cookie, 'x-csrf-token': csrf })
}

/** The real hub on free ports with a folder of its own. */
export async function startTestHub(options: Options = {}): Promise<TestHub> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'ansang-hub-'))
  const config = parseConfig({
    ANSANG_DATA_DIR: dataDir,
    ANSANG_HTTP_PORT: '0',
    ANSANG_MQTT_PORT: '0',
    ANSANG_ADMIN_PASSWORD: adminPassword,
    ...options.settings,
  })
  const hub = await startHub({
    config,
    clock: options.clock ?? systemClock,
    log: silentLog,
    consoleFolder: join(dataDir, 'no-console'),
  })
  return {
    ...hub,
    dataDir,
    api: (username, password) => signIn(hub.url, username, password),
    admin: () => signIn(hub.url, 'admin', adminPassword),
    stopOnly: () => hub.stop(),
    end: async () => {
      await hub.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A province with one commune and one hamlet; returns their ids. */
export async function makeAreas(api: Api) {
  const add = async (code: string, name: string, kind: string, parentId: string | null) =>
    (await api.call<{ id: string }>('POST', '/api/v1/areas', { code, name, kind, parentId })).id
  const province = await add('40', 'Tỉnh Nghệ An', 'province', null)
  const commune = await add('40-a', 'Xã An Bình', 'commune', province)
  const other = await add('40-b', 'Xã Hòa Lạc', 'commune', province)
  const hamlet = await add('40-a-1', 'Thôn Đông', 'hamlet', commune)
  return { province, commune, other, hamlet }
}

/** Enrols an agent by a real claim code; returns its id and secret. */
export async function enrol(
  hub: TestHub,
  api: Api,
  wish: { areaId: string; name?: string; agentId?: string; siteId?: string },
) {
  const claim = await api.call<{ code: string }>('POST', '/api/v1/claims', {
    name: wish.name ?? 'Điểm thử',
    ...wish,
  })
  const response = await fetch(`${hub.url}/api/v1/enrolments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ claim: claim.code }),
  })
  return (await response.json()) as { agentId: string; secret: string }
}
