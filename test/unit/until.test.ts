import { expect, test } from 'vitest'
import { until } from '../support/until.ts'

test('returns the first truthy value', async () => {
  let calls = 0
  expect(await until(() => (++calls < 3 ? undefined : 'here'), { everyMs: 1 })).toBe('here')
  expect(calls).toBe(3)
})

test('a throw is "not yet", and the cause at the deadline', async () => {
  const waiting = until(() => Promise.reject(new Error('refused')), {
    what: 'the port',
    timeoutMs: 5,
    everyMs: 1,
  })
  await expect(waiting).rejects.toMatchObject({
    message: 'the port did not come true within 5 ms',
    cause: { message: 'refused' },
  })
})
