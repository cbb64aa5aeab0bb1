import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** The project's folder. */
export const root = resolve(import.meta.dirname, '../..')

const notOurs = new Set(['node_modules', 'dist', '.git'])

/** Every file below `folder` (relative to the project), as paths with `/`. */
export function filesBelow(folder: string): string[] {
  const at = join(root, folder)
  if (!existsSync(at)) return []
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (notOurs.has(entry.name)) return []
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

export const isSource = (path: string): boolean => /\.tsx?$/.test(path)

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

const patterns = [
  /^\s*(?:import|export)\s[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\s*\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g,
]

/** Module names in a source text: static, side-effect and dynamic imports, and worker URLs. */
export const specifiersIn = (source: string): string[] =>
  patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? ''))

/** What a file imports: relative names become project paths, the others stay as they are. */
export function importsOf(path: string): string[] {
  return specifiersIn(textOf(path)).map((name) =>
    name.startsWith('.')
      ? relative(root, resolve(root, dirname(path), name))
          .split(sep)
          .join('/')
      : name,
  )
}
