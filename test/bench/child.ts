import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type Child<First> = {
  first: First
  ask: <T>(order: unknown) => Promise<T>
  process: ChildProcess
  /** Waits until it has ended by itself, so long at most. */
  ended: (withinMs: number) => Promise<void>
  /** Ends it, by its pid, and waits. */
  kill: (signal?: NodeJS.Signals) => Promise<void>
}

type Message = { answer?: unknown; error?: string }

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`a bench process ended early (${code})`))
    child.once('exit', onExit)
    child.once('message', (message: Message) => {
      child.off('exit', onExit)
      if (message.error === undefined) resolve(message.answer as T)
      else reject(new Error(message.error))
    })
  })
}

/** `BENCH_PROFILE=folder` writes a CPU profile of the hub there. */
const profiling = (file: string): string[] => {
  const folder = process.env['BENCH_PROFILE']
  return folder && file.includes('hub') ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []
}

/** Starts a bench process; `waits` = it says something first. */
export async function startChild<First>(
  file: string,
  args: string[] = [],
  waits = true,
): Promise<Child<First>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...profiling(file), ...(file.includes('hub') ? ['--max-semi-space-size=16'] : [])],
    // As `npm start` does it.
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: fileURLToPath(
        new URL('../../node_modules/.cache/ansang', import.meta.url),
      ),
    },
  })
  const first = waits ? await nextMessage<First>(child) : (undefined as First)
  return {
    first,
    process: child,
    ask: async <T>(order: unknown) => {
      const answer = nextMessage<T>(child)
      child.send(order as never)
      return answer
    },
    ended: async (withinMs) => {
      const start = performance.now()
      while (child.exitCode === null && performance.now() - start < withinMs) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    kill: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill(signal)
      await gone
    },
  }
}
