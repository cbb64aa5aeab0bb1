import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Hub, startHub } from '../../src/app.ts'
import { parseConfig } from '../../src/config.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'

const folder = mkdtempSync(join(tmpdir(), 'ansang-console-'))
const site = join(folder, 'site')
let hub: Hub

beforeAll(async () => {
  mkdirSync(join(site, 'assets'), { recursive: true })
  writeFileSync(join(site, 'index.html'), '<title>An Sáng</title>')
  writeFileSync(join(site, 'assets/app-1a2b.js'), 'export {}')
  writeFileSync(join(folder, 'beside.txt'), 'not for the web')
  const settings = parseConfig({ ANSANG_DATA_DIR: join(folder, 'data') }, folder)
  const here = { host: '127.0.0.1', port: 0 }
  const config = { ...settings, http: here, mqtt: here }
  hub = await startHub({ config, clock: systemClock, log: silentLog, consoleFolder: site })
})
afterAll(async () => {
  await hub?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The path as it is: `fetch` would tidy it up first. */
const get = (path: string) =>
  new Promise<{
    status: number | undefined
    headers: NodeJS.Dict<string | string[]>
    text: string
  }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: hub.ports.http, path }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
    })
    asked.once('error', reject)
    asked.end()
  })

test.each(['/', '/alerts', '/assets', '/alerts/0abc?from=mail', '/a/deep/page'])(
  '%s is the one page, never kept by the browser',
  async (path) => {
    const { status, headers, text } = await get(path)
    expect([status, text]).toEqual([200, '<title>An Sáng</title>'])
    expect(headers['cache-control']).toBe('no-cache')
  },
)

test('a file with a hash in its name may be kept for ever', async () => {
  const { status, headers, text } = await get('/assets/app-1a2b.js')
  expect([status, text]).toEqual([200, 'export {}'])
  expect(headers['cache-control']).toContain('immutable')
})

test.each(['/assets/gone-9.js', '/api/v1/nothing', '/mqtt/nothing', '/api/v1/nothing.js'])(
  '%s is not found',
  async (path) => {
    expect((await get(path)).status).toBe(404)
  },
)

test.each([
  '/../beside.txt',
  '/%2e%2e/beside.txt',
  '/..%2fbeside.txt',
  '/assets/..%2f..%2fbeside.txt',
])('%s does not lead out of the folder', async (path) => {
  const { status, text } = await get(path)
  expect(status).not.toBe(200)
  expect(text).not.toContain('not for the web')
})
