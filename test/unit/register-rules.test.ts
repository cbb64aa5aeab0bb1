import {
  array,
  assert as check,
  constantFrom,
  integer,
  nat,
  option,
  property,
  record,
  string,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AreaNode, closureOf, makesCycle } from '../../src/areas/tree.ts'
import { type Lifecycle, lifecycles } from '../../src/contract/api/register.ts'
import { type BindingRow, indexBindings } from '../../src/register/binding-index.ts'
import { isJudged, mayStep } from '../../src/register/lifecycle.ts'
import { toSought } from '../../src/register/search-text.ts'

describe('the area tree', () => {
  /** A parent always has a smaller number: any such list is a forest. */
  const forest = array(nat(), { maxLength: 25 }).map((choices): AreaNode[] =>
    choices.map((choice, i) => {
      const parent = i === 0 ? -1 : (choice % (i + 1)) - 1
      return { id: `a${i}`, parentId: parent < 0 ? null : `a${parent}` }
    }),
  )
  const ancestors = (nodes: AreaNode[], id: string): string[] => {
    const parentId = nodes.find((node) => node.id === id)?.parentId ?? null
    return parentId === null ? [id] : [id, ...ancestors(nodes, parentId)]
  }

  test('has in its closure every area under every one around it, once', async () => {
    await check(
      property(forest, (nodes) => {
        const found = closureOf(nodes).map((one) => `${one.ancestorId}>${one.areaId}@${one.depth}`)
        const expected = nodes.flatMap(({ id }) =>
          ancestors(nodes, id).map((ancestor, depth) => `${ancestor}>${id}@${depth}`),
        )
        expect(found.toSorted()).toEqual(expected.toSorted())
        expect(new Set(found).size).toBe(found.length)
      }),
    )
  })

  test('refuses exactly the moves that would put an area inside itself', async () => {
    await check(
      property(forest, nat(), nat(), (nodes, a, b) => {
        const [area, parent] = [
          nodes[a % Math.max(1, nodes.length)],
          nodes[b % Math.max(1, nodes.length)],
        ]
        if (!area || !parent) return
        const isBelow = ancestors(nodes, parent.id).includes(area.id)
        expect(makesCycle(nodes, area.id, parent.id)).toBe(isBelow)
        expect(makesCycle(nodes, area.id, null)).toBe(false)
      }),
    )
  })

  test('ends also on a list that is no tree', () => {
    const circle = [
      { id: 'a', parentId: 'b' },
      { id: 'b', parentId: 'a' },
    ]
    expect(closureOf(circle).length).toBeLessThan(10)
    expect(makesCycle(circle, 'c', 'a')).toBe(false)
    expect(closureOf([{ id: 'a', parentId: 'gone' }])).toContainEqual({
      ancestorId: 'a',
      areaId: 'a',
      depth: 0,
    })
  })
})

describe('the lifecycle', () => {
  const allowed: Record<Lifecycle, readonly Lifecycle[]> = {
    planned: ['commissioning', 'retired'],
    commissioning: ['in-service', 'retired'],
    'in-service': ['suspended', 'retired'],
    suspended: ['in-service', 'retired'],
    retired: [],
  }
  const steps = lifecycles.flatMap((from) => lifecycles.map((to) => [from, to] as const))

  test.each(steps)('%s → %s', (from, to) => {
    expect(mayStep(from, to)).toBe(allowed[from].includes(to))
  })

  test.each(lifecycles)('%s is judged only in service', (state) => {
    expect(isJudged(state)).toBe(state === 'in-service')
  })
})

describe('bindings', () => {
  const row = (over: Partial<BindingRow>): BindingRow => ({
    agentId: 'a',
    unit: 'nvr1',
    part: '',
    assetId: 'recorder',
    assetPart: '',
    fromAt: 100,
    toAt: null,
    ...over,
  })
  const index = indexBindings([
    row({ part: 'ch:1', assetId: 'new', fromAt: 200 }),
    row({ part: 'ch:1', assetId: 'old', fromAt: 100, toAt: 200 }),
    row({ part: 'ch:2', assetId: 'gone', fromAt: 100, toAt: 150 }),
    row({}),
    row({ unit: 'ups1', assetId: 'ups', assetPart: 'left' }),
  ])

  test.each([
    ['ch:1', 150, { assetId: 'old', part: '' }],
    ['ch:1', 199, { assetId: 'old', part: '' }],
    ['ch:1', 200, { assetId: 'new', part: '' }],
    ['ch:1', 9e15, { assetId: 'new', part: '' }],
    // What was measured before the first binding belongs to it.
    ['ch:1', 1, { assetId: 'old', part: '' }],
    // What is bound no more falls back to its unit.
    ['ch:2', 160, { assetId: 'recorder', part: 'ch:2' }],
    ['disk:1', 160, { assetId: 'recorder', part: 'disk:1' }],
    ['', 160, { assetId: 'recorder', part: '' }],
  ])('%j at %i', (part, at, bound) => {
    expect(index.resolve('a', 'nvr1', part, at)).toEqual(bound)
  })

  test('of others are not taken', () => {
    expect(index.resolve('b', 'nvr1', 'ch:1', 150)).toBeUndefined()
    expect(index.resolve('a', 'nvr2', '', 150)).toBeUndefined()
    expect(index.resolve('a', '__proto__', 'constructor', 150)).toBeUndefined()
    expect(index.resolve('a', 'ups1', '', 150)).toEqual({ assetId: 'ups', part: 'left' })
  })

  test('tell what hangs on an agent now, each once', () => {
    expect(index.assetsOf('a').sort()).toEqual(['new', 'recorder', 'ups'])
    expect(index.assetsOf('b')).toEqual([])
  })

  test('are found whatever the order of the rows', async () => {
    const periods = array(
      record({ part: constantFrom('', 'ch:1'), gap: integer({ min: 0, max: 3 }) }),
      {
        maxLength: 8,
      },
    )
    await check(
      property(periods, option(nat(60)), (list, at) => {
        let from = 10
        const rows = list.map(({ part, gap }, i) => {
          from += gap
          const made = row({ part, assetId: `asset-${i}`, fromAt: from, toAt: from + 2 })
          from += 2
          return made
        })
        const moment = at ?? 11
        const [one, two] = [indexBindings(rows), indexBindings(rows.toReversed())]
        expect(one.resolve('a', 'nvr1', 'ch:1', moment)).toEqual(
          two.resolve('a', 'nvr1', 'ch:1', moment),
        )
        const own = rows.find(
          (r) => r.part === 'ch:1' && moment >= r.fromAt && moment < (r.toAt ?? 0),
        )
        if (own) expect(one.resolve('a', 'nvr1', 'ch:1', moment)?.assetId).toBe(own.assetId)
      }),
    )
  })
})

describe('search text', () => {
  test.each([
    ['Thôn Đông', 'thon dong'],
    ['  Ngã   tư\tChợ ', 'nga tu cho'],
    ['XÃ HÒA LẠC', 'xa hoa lac'],
    ['Đường Nguyễn Huệ 50%', 'duong nguyen hue 50%'],
    ['Trường THPT Lê Quý Đôn', 'truong thpt le quy don'],
    ['Ngã tư'.normalize('NFD'), 'nga tu'],
    ['', ''],
  ])('%j is sought as %j', (text, sought) => {
    expect(toSought(text)).toBe(sought)
  })

  test('is the same for text in either normal form, and stays as it is', async () => {
    await check(
      property(string({ unit: 'grapheme' }), (text) => {
        const sought = toSought(text)
        expect(toSought(text.normalize('NFD'))).toBe(toSought(text.normalize('NFC')))
        expect(toSought(sought)).toBe(sought)
      }),
    )
  })
})
