import { defineConfig } from 'vitest/config'

const project = (name: string, timeoutMs: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
  },
})

export default defineConfig({
  test: {
    maxWorkers: 2,
    globalSetup: ['test/support/real-parts.ts'],
    projects: [
      { test: { name: 'architecture', include: ['test/*.test.ts'] } },
      project('unit', 20_000),
      project('shared', 60_000),
      project('integration', 60_000),
      project('e2e', 180_000),
    ],
  },
})
