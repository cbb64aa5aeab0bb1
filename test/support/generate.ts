import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generated } from './generators/list.ts'
import { root } from './imports.ts'

/** `npm run generate`: writes every generated file that differs. */
for (const { path, make } of generated) {
  const file = join(root, path)
  const text = await make()
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`written: ${path}`)
}
