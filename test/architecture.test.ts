import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { filesBelow, importsOf, isSource, root, specifiersIn, textOf } from './support/imports.ts'
import { importRefusal, roomOf } from './support/staircase.ts'

const rooms = ['src', 'broker', 'agents', 'dashboards'].flatMap(filesBelow).filter(isSource)
const isPackage = (name: string) => !/^(src|broker|agents|dashboards|test|\.\.)(\/|$)/.test(name)

describe('the staircase', () => {
  test('no room imports upward, sideways or through a wall', () => {
    const wrong = rooms.flatMap((from) =>
      importsOf(from)
        .filter((to) => !isPackage(to))
        .map((to) => ({ from, to, why: importRefusal(from, to) }))
        .filter((found) => found.why !== undefined),
    )
    expect(rooms.length).toBeGreaterThan(10)
    expect(wrong).toEqual([])
  })

  test.each([
    ['src/alerts/store.ts', 'src/db/database.ts', undefined],
    ['src/alerts/store.ts', 'src/alerts/schema.ts', undefined],
    ['src/app.ts', 'broker/broker.ts', undefined],
    ['src/app.ts', 'src/reports/monthly.ts', undefined],
    ['src/demo/main.ts', 'agents/fakes/recorder.ts', undefined],
    ['src/demo/main.ts', 'src/app.ts', undefined],
    ['agents/runtime/agent.ts', 'src/faults/judge.ts', undefined],
    ['agents/main.ts', 'agents/runtime/agent.ts', undefined],
    ['agents/fakes/recorder.ts', 'src/core/clock.ts', undefined],
    ['dashboards/fleet.ts', 'src/contract/wire/measures.ts', undefined],
    ['src/console/main.tsx', 'src/contract/api/problems.ts', undefined],
    ['src/console/main.tsx', 'src/console/app.css', undefined],
    ['test/unit/x.test.ts', 'src/db/database.ts', undefined],
    ['src/db/database.ts', 'src/alerts/store.ts', 'alerts stands higher'],
    ['src/twin/store.ts', 'src/ingest/journal.ts', 'ingest stands on the same step'],
    ['src/app.ts', 'agents/runtime/agent.ts', 'agents is not for app'],
    ['src/app.ts', 'src/main.ts', 'main stands higher'],
    ['src/devices/store.ts', 'broker/broker.ts', 'broker is not for devices'],
    ['src/devices/store.ts', 'src/config.ts', 'config stands higher'],
    ['src/mystery/x.ts', 'src/core/log.ts', 'mystery is not a room of the staircase'],
    ['src/app.ts', 'src/mystery/x.ts', 'mystery is not a room of the staircase'],
    ['src/app.ts', 'src/console/main.tsx', 'console is not a room of the staircase'],
    ['broker/broker.ts', 'src/db/database.ts', 'broker sees only contract, core'],
    ['agents/main.ts', 'agents/fakes/recorder.ts', 'agents/fakes is not for agents'],
    ['agents/fakes/recorder.ts', 'agents/recorder/hikvision.ts', 'a fake stands alone'],
    ['agents/runtime/x.ts', 'src/db/x.ts', 'agents sees only contract, core, plan, faults'],
    ['dashboards/fleet.ts', 'src/core/clock.ts', 'dashboards sees only contract'],
    ['src/console/main.tsx', 'src/contract/wire/codec.ts', 'the console sees contract/api only'],
    ['src/core/log.ts', 'test/support/until.ts', 'nothing imports the tests'],
    ['src/core/log.ts', 'package.json', undefined],
    ['src/core/log.ts', 'vitest.config.ts', 'outside the rooms'],
  ])('%s → %s: %s', (from, to, why) => {
    expect(importRefusal(from, to)).toBe(why)
  })

  test('every kind of import is seen', () => {
    const source = `
import { a } from './a.ts'
import type { b } from '../b.ts'
import {
  c,
} from './c.ts'
export { d } from './d.ts'
import './e.ts'
const f = await import('./f.ts')
new Worker(new URL('./g-worker.ts', import.meta.url))
`
    const seen = ['./a.ts', '../b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g-worker.ts']
    expect(specifiersIn(source).sort()).toEqual(seen.sort())
  })
})

describe('pure rooms', () => {
  const impure = /^node:(?!crypto$|assert$|util$)|^(pino|pg|mqtt|aedes|fastify|influx|ws|kysely)$/

  test('contract, plan and faults import nothing that does I/O', () => {
    const wrong = rooms
      .filter((path) => ['contract', 'plan', 'faults'].includes(roomOf(path) ?? ''))
      .flatMap((path) => importsOf(path).map((name) => `${path} imports ${name}`))
      .filter((found) => impure.test(found.split(' imports ')[1] ?? ''))
    expect(wrong).toEqual([])
  })
})

describe('time', () => {
  const bareTime =
    /(?<![.\w])(setTimeout|setInterval)\(|\bDate\.now\(|\bnew Date\(\)|\bTemporal\.Now\b/
  const isComment = (line: string) => /^\s*(\*|\/\/|\/\*)/.test(line)

  /** Lines with bare time, unless the line above says why it must be real (`Real time: …`). */
  const bareLines = (text: string): string[] => {
    const lines = text.split('\n')
    return lines
      .filter((line, at) => !isComment(line) && !/Real time: /.test(lines[at - 1] ?? ''))
      .filter((line) => bareTime.test(line))
      .map((line) => line.trim())
  }

  test('domain time comes from the clock; real time says why', () => {
    const wrong = rooms
      .filter((path) => path !== 'src/core/clock.ts')
      .filter((path) => !['console', 'dashboards'].includes(roomOf(path) ?? ''))
      .flatMap((path) => bareLines(textOf(path)).map((line) => `${path}: ${line}`))
    expect(wrong).toEqual([])
  })

  test.each([
    ['const t = setTimeout(run, 5)', 1],
    ['const at = Date.now()', 1],
    ['const at = new Date()', 1],
    ['const at = new Date(row.at)', 0],
    ['socket.setTimeout(5000)', 0],
    ['// never Date.now() here', 0],
    ['  // Real time: the deadline of a socket.\n  setTimeout(close, 5)', 0],
  ])('%j: %i bare', (text, count) => {
    expect(bareLines(text)).toHaveLength(count)
  })
})

describe('the project stands alone', () => {
  const allowed = new Set(
    `.ci .dockerignore .env.example .git .gitattributes .github .gitignore .npmrc agents biome.json broker
    CHANGELOG.md dashboards docker-compose.yml Dockerfile docs knip.json LICENSE package.json
    package-lock.json README.md src test tsconfig.json vitest.config.ts`.split(/\s+/),
  )
  const ignored = textOf('.gitignore')
    .split('\n')
    .filter((line) => /^\/?[\w.-]+\/$/.test(line))
    .map((line) => line.replaceAll('/', ''))

  test('the top level holds only the rooms and what tools need', () => {
    const found = readdirSync(root).filter(
      (name) => !allowed.has(name) && !ignored.includes(name) && name !== '.env',
    )
    expect(found).toEqual([])
  })

  test('no file refers to a path of one machine', () => {
    // Split, so that this file passes its own test.
    const machinePath = new RegExp(
      ['(?<![\\w.])/', '(work/(main|shared|\\.library)|tmp/(spec|bash_jobs)|home/[a-z])'].join(''),
    )
    const wrong = filesBelow('')
      .filter((path) => !/\.(png|ico|woff2?|bin)$/.test(path))
      .filter((path) => !ignored.includes(path.split('/')[0] ?? '') && path !== '.env')
      .filter((path) => machinePath.test(textOf(path)))
    expect(wrong).toEqual([])
  })
})
