import { describe, expect, test } from 'vitest'
import { keysOf, liveKinds } from '../../src/console/api/keys.ts'
import { lifecycleSteps } from '../../src/console/device/lifecycle-steps.ts'
import { toSought } from '../../src/console/parts/sought.ts'
import { isBad, valueShapes } from '../../src/console/values.ts'
import { en } from '../../src/console/words/en.ts'
import { faultTitle, partName, reasonText } from '../../src/console/words/look-up.ts'
import { vi, type Words } from '../../src/console/words/vi.ts'
import { permissions, roles } from '../../src/contract/api/access.ts'
import { Severity } from '../../src/contract/api/common.ts'
import { AlertHistoryEntry, alertStates, targetKinds } from '../../src/contract/api/operations.ts'
import { problems } from '../../src/contract/api/problems.ts'
import { assetKinds, lifecycles } from '../../src/contract/api/register.ts'
import { UnitKind } from '../../src/contract/wire/common.ts'
import { measures } from '../../src/contract/wire/measures.ts'
import { faults } from '../../src/faults/catalogue.ts'
import { mayStep } from '../../src/register/lifecycle.ts'
import { toSought as soughtByHub } from '../../src/register/search-text.ts'
import { filesBelow, textOf } from '../support/imports.ts'

const both = [
  ['vi', vi],
  ['en', en],
] as const

/** Codes of the contract, and where their words stand. */
const tables: [string, readonly string[], (words: Words) => object][] = [
  ['severities', Severity.options, (words) => words.severities],
  ['lifecycles', lifecycles, (words) => words.lifecycles],
  ['problems', Object.keys(problems), (words) => words.problems],
  ['roles', roles, (words) => words.roles],
  ['permissions', permissions, (words) => words.permissions],
  ['faults', Object.keys(faults), (words) => words.faults],
  ['alert states', alertStates, (words) => words.alertStates],
  ['asset kinds', assetKinds, (words) => words.kinds],
  ['unit kinds', UnitKind.options, (words) => words.unitKinds],
  ['target kinds', targetKinds, (words) => words.notify.kinds],
]

describe.each(both)('words in %s', (language, words) => {
  test.each(tables)('every code of %s has words', (_name, codes, tableOf) => {
    const table = tableOf(words) as Record<string, unknown>
    const empty = codes.filter((code) => !Object.hasOwn(table, code) || table[code] === '')
    expect(codes.length).toBeGreaterThan(0)
    expect(empty).toEqual([])
  })

  test.each(Object.entries(faults))('%s reads as in the catalogue', (code, fault) => {
    const [title, firstStep] =
      language === 'vi' ? [fault.vi, fault.firstStepVi] : [fault.en, fault.firstStepEn]
    expect(words.faults[code]?.title).toBe(title)
    expect(words.faults[code]?.firstStep.length).toBeGreaterThan(10)
    // The first step may be said in other words, but not about another thing.
    expect(words.faults[code]?.firstStep.slice(0, 12)).toBe(firstStep.slice(0, 12))
  })

  test('every value that devices report has a name', () => {
    const names = Object.entries(measures).flatMap(([measurement, fields]) =>
      Object.keys(fields).map((field) => `${measurement}.${field}`),
    )
    expect(names.filter((name) => !Object.hasOwn(words.values, name))).toEqual([])
  })

  test('every deed that the audit log records has a name', () => {
    const deeds = filesBelow('src')
      .filter((path) => /^src\/(?!console|demo).*\.ts$/.test(path))
      .flatMap((path) => [...textOf(path).matchAll(/action: '([a-z.-]+)'/g)])
      .map((found) => found[1] ?? '')
    expect(deeds.length).toBeGreaterThan(10)
    expect(deeds.filter((deed) => !Object.hasOwn(words.audit.actions, deed))).toEqual([])
  })

  test('no word is empty', () => {
    const emptyAt = (value: unknown, path: string): string[] => {
      if (value === '') return [path]
      if (typeof value !== 'object' || value === null) return []
      return Object.entries(value).flatMap(([key, below]) => emptyAt(below, `${path}.${key}`))
    }
    expect(emptyAt(words, language)).toEqual([])
  })
})

describe('both languages', () => {
  const shapeOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => a.localeCompare(b))
            .map(([key, below]) => [key, shapeOf(below)]),
        )
      : typeof value

  test('have the same keys, tables by code included', () => {
    expect(shapeOf(en)).toEqual(shapeOf(vi))
  })

  test('Vietnamese avoids the words that users do not say', () => {
    const text = JSON.stringify(vi, (_key, value) =>
      typeof value === 'function' ? value('1', '2', '3', '4') : value,
    )
    expect(text).not.toMatch(/tác nhân|đại lý|ghi đè|cửa sổ bảo trì|xác nhận|điều độ/i)
  })
})

describe('look-ups', () => {
  test('a code that is unknown stands as it is', () => {
    expect(faultTitle(vi, 'brand-new')).toBe('brand-new')
    expect(faultTitle(vi, 'constructor')).toBe('constructor')
    expect(reasonText(en, 'HTTP 503')).toBe('HTTP 503')
    expect(reasonText(vi, 'disk-fault')).toBe('Ổ cứng hỏng hoặc thiếu')
  })

  test.each([
    ['ch:7', 'Kênh 7'],
    ['disk:1', 'Ổ cứng 1'],
    ['phase:A', 'Pha A'],
    ['circuit:2', 'Lộ 2'],
    ['mystery:9', 'mystery:9'],
  ])('part %s is %s', (part, name) => {
    expect(partName(vi, part)).toBe(name)
  })
})

describe('what the console repeats of the hub', () => {
  test('the steps of a lifecycle', () => {
    for (const from of lifecycles) {
      const allowed = lifecycles.filter((to) => mayStep(from, to))
      expect([...lifecycleSteps[from]].sort()).toEqual(allowed.sort())
    }
  })

  test('which values are states', () => {
    const wire = Object.entries(measures).flatMap(([measurement, fields]) =>
      Object.entries(fields).map(([field, unit]) => [`${measurement}.${field}`, unit] as const),
    )
    const here = Object.entries(valueShapes).map(([name, { unit }]) => [name, unit])
    expect(Object.fromEntries(here)).toEqual(Object.fromEntries(wire))
  })

  test('which values of a state are bad', () => {
    expect(isBad('camera', 'online', 0)).toBe(true)
    expect(isBad('camera', 'online', 1)).toBe(false)
    expect(isBad('ups', 'on_battery', 1)).toBe(true)
    expect(isBad('circuit', 'on', 0)).toBe(false)
    expect(isBad('recorder', 'cpu', 0)).toBe(false)
  })

  test.each(['Thôn Đông', '  Ngã  TƯ chợ ', 'Ổ cứng', 'đầu ghi'])(
    'the search text of %j',
    (text) => {
      expect(toSought(text)).toBe(soughtByHub(text))
    },
  )

  test('the kinds of live events', () => {
    const said = filesBelow('src')
      .filter((path) => /^src\/(alerts|register|areas|devices|lighting|work|notify)\//.test(path))
      .flatMap((path) => [
        ...textOf(path).matchAll(
          /(?:kind|event): '((?:alert|asset|binding|area|agent|lighting|twin|sla)\.[a-z-]+)'/g,
        ),
      ])
      .map((found) => found[1] ?? '')
    expect(said.length).toBeGreaterThan(5)
    // Of alerts, everything that stands in their history is told.
    said.push(...AlertHistoryEntry.shape.what.options.map((what) => `alert.${what}`))
    const heard: readonly string[] = liveKinds
    expect(said.filter((kind) => !heard.includes(kind))).toEqual([])
    expect(liveKinds.filter((kind) => keysOf(kind).length === 0)).toEqual([])
  })
})
