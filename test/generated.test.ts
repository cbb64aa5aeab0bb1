import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generated } from './support/generators/list.ts'
import { root, textOf } from './support/imports.ts'

test.each(generated.map(({ path, make }) => [path, make] as const))(
  '%s is what the code makes (else: npm run generate)',
  async (path, make) => {
    const committed = existsSync(join(root, path)) ? textOf(path) : undefined
    expect(committed).toBe(await make())
  },
)
