import { expect, test } from 'vitest'
import { absentSummary, isCi, partNames, parts } from '../support/real-parts.ts'

test.each([
  [{}, false],
  [{ CI: '' }, false],
  [{ CI: 'false' }, false],
  [{ CI: 'true' }, true],
  [{ CI: '1' }, true],
])('%j is CI: %s', (env, expected) => {
  expect(isCi(env)).toBe(expected)
})

test('is silent when nothing is absent', () => {
  expect(absentSummary([])).toBeUndefined()
})

test('names every absent part, what stays unproved and the command', () => {
  const summary = absentSummary(partNames) ?? ''
  for (const name of partNames) {
    expect(summary).toContain(name)
    expect(summary).toContain(parts[name].proves)
  }
  expect(summary).toContain('npm run test:setup')
})
