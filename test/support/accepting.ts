import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { root } from './imports.ts'
import { until } from './until.ts'

export type Accepting = { port: number; child: ChildProcess; stop: () => Promise<void> }

/** Starts broker and journal of `tree` in a process; `through` is put before the command. */
export async function startAccepting(options: {
  tree?: string
  folder: string
  segmentBytes?: number
  through?: readonly string[]
}): Promise<Accepting> {
  const script = join(options.tree ?? root, 'test/support/accept-child.ts')
  const own = [process.execPath, script, options.folder, String(options.segmentBytes ?? 65_536)]
  const [program = '', ...args] = [...(options.through ?? []), ...own]
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  let output = ''
  let trouble = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    trouble += chunk
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const port = await until(
    () => {
      if (child.exitCode !== null) throw new Error(trouble)
      return Number(/port (\d+)/.exec(output)?.[1])
    },
    { what: 'the accepting process', timeoutMs: 30_000 },
  )
  return {
    port,
    child,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}

export type Mutation = { file: string; replace: string; by: string }

/** A copy of the sources that broker and journal need, with one place changed. */
export function mutatedTree({ file, replace, by }: Mutation): string {
  const tree = mkdtempSync(join(tmpdir(), 'ansang-mutant-'))
  onTestFinished(() => rmSync(tree, { recursive: true, force: true }))
  const needed = ['package.json', 'src/contract', 'src/core', 'src/ingest', 'broker']
  for (const path of [...needed, 'test/support/accept-child.ts']) {
    cpSync(join(root, path), join(tree, path), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
  const parts = readFileSync(join(tree, file), 'utf8').split(replace)
  if (parts.length !== 2) {
    throw new Error(`${file} holds ${parts.length - 1} times what shall be replaced: ${replace}`)
  }
  writeFileSync(join(tree, file), parts.join(by))
  return tree
}
