/**
 * Polls `condition` until it gives something truthy and returns that. A throw counts as "not yet";
 * at the deadline it becomes the cause, so that the failure tells what was still wrong.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { what?: string; timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<Exclude<T, false | '' | 0>>> {
  const { what = 'the condition', timeoutMs = 10_000, everyMs = 10 } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await attempt(condition)
    if (seen.value) return seen.value as NonNullable<Exclude<T, false | '' | 0>>
    if (performance.now() > deadline) {
      throw new Error(`${what} did not come true within ${timeoutMs} ms`, { cause: seen.error })
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

async function attempt<T>(
  condition: () => T | Promise<T>,
): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await condition() }
  } catch (error) {
    return { error }
  }
}
