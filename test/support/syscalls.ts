/**
 * Reads what `strace -f -xx` wrote. The line order of a trace is the order in which the kernel
 * stopped the threads, so "ended before begun" between two calls is a fact, not a guess by clocks.
 */
export type Syscall = {
  name: string
  /** Between the brackets, as strace prints it. */
  args: string
  fd: number
  result: number
  /** Lines at which it was entered and left. */
  begun: number
  ended: number
}

type Open = Omit<Syscall, 'result' | 'ended'>

const whole = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/
const start = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/
const rest = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/

const fdOf = (args: string): number => Number.parseInt(args, 10)

/** Finished calls in the order in which they ended. */
export function readTrace(text: string): Syscall[] {
  const open = new Map<string, Open>()
  const calls: Syscall[] = []
  for (const [line, row] of text.split('\n').entries()) {
    const [, wholePid, name = '', args = '', result] = whole.exec(row) ?? []
    if (wholePid) {
      calls.push({ name, args, fd: fdOf(args), result: Number(result), begun: line, ended: line })
      continue
    }
    const [, startPid, startName = '', startArgs = ''] = start.exec(row) ?? []
    if (startPid) {
      open.set(startPid, { name: startName, args: startArgs, fd: fdOf(startArgs), begun: line })
      continue
    }
    const [, pid = '', , more = '', late] = rest.exec(row) ?? []
    const begun = open.get(pid)
    if (!begun) continue
    open.delete(pid)
    calls.push({ ...begun, args: begun.args + more, result: Number(late), ended: line })
  }
  return calls
}

/** The bytes that a write or writev call got rid of, or the path of an openat. */
export function bytesOf({ args, result, name }: Syscall): Buffer {
  const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => hex)
  const bytes = Buffer.from(texts.join('').replaceAll('\\x', ''), 'hex')
  return name === 'openat' ? bytes : bytes.subarray(0, Math.max(0, result))
}
