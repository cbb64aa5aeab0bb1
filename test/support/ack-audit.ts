import { dirname } from 'node:path'
import { bytesOf, type Syscall } from './syscalls.ts'

/** The system calls that the audit needs to see. */
export const auditedCalls =
  'openat,close,accept,accept4,write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync'

type FileCall = Syscall & { path: string; bytes: Buffer }
type Facts = {
  writes: FileCall[]
  syncs: FileCall[]
  created: FileCall[]
  /** When the first byte of each PUBACK was handed to the kernel, by packet id. */
  acks: { id: number; begun: number }[]
}

const writing = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'sendto', 'sendmsg'])
const pubackBytes = 4

/** Sorts the calls into what was done to files and what was said on sockets. */
function sortCalls(calls: readonly Syscall[]): Facts {
  const facts: Facts = { writes: [], syncs: [], created: [], acks: [] }
  const files = new Map<number, string>()
  const sockets = new Map<number, Buffer>()
  for (const call of calls) {
    const path = files.get(call.fd)
    const bytes = writing.has(call.name) || call.name === 'openat' ? bytesOf(call) : Buffer.alloc(0)
    if (call.name === 'openat' && call.result >= 0) {
      files.set(call.result, bytes.toString())
      if (call.args.includes('O_CREAT'))
        facts.created.push({ ...call, path: bytes.toString(), bytes })
    } else if (call.name.startsWith('accept') && call.result >= 0) {
      sockets.set(call.result, Buffer.alloc(0))
    } else if (call.name === 'close') {
      files.delete(call.fd)
      sockets.delete(call.fd)
    } else if (writing.has(call.name) && path !== undefined) {
      facts.writes.push({ ...call, path, bytes })
    } else if (call.name.endsWith('sync') && path !== undefined && call.result === 0) {
      facts.syncs.push({ ...call, path, bytes })
    } else if (writing.has(call.name) && sockets.has(call.fd)) {
      const said = Buffer.concat([sockets.get(call.fd) ?? Buffer.alloc(0), bytes])
      sockets.set(call.fd, takeAcks(said, call.begun, facts))
    }
  }
  return facts
}

/** Walks over whole MQTT packets; returns what is left of an incomplete one. */
function takeAcks(said: Buffer, begun: number, facts: Facts): Buffer {
  let at = 0
  while (said.length - at >= 2) {
    const length = said[at + 1] ?? 0
    if (length > 127) throw new Error('a packet of this size was not expected')
    if (said.length - at < 2 + length) break
    const isAck = said[at] === 0x40 && length === pubackBytes - 2
    if (isAck) facts.acks.push({ id: said.readUInt16BE(at + 2), begun })
    at += 2 + length
  }
  return said.subarray(at)
}

/** Was everything in this write durable, under a durable name, before line `by`? */
function whyNotDurable(facts: Facts, write: FileCall, by: number): string | undefined {
  const { path } = write
  const synced = facts.syncs.some(
    (sync) => sync.path === path && sync.begun > write.ended && sync.ended < by,
  )
  if (!synced) return 'no sync of its segment began after the write and ended before'
  const created = facts.created.findLast((one) => one.path === path && one.ended < write.begun)
  const named = facts.syncs.some(
    (sync) =>
      sync.path === dirname(path) && sync.begun > (created?.ended ?? Infinity) && sync.ended < by,
  )
  return named ? undefined : 'the name of its segment was not synced'
}

/**
 * Every acknowledgement whose record was not durable when it was sent. `markers` gives for each
 * packet id a text that stands in the record's payload and nowhere else.
 */
export function auditAcks(
  calls: readonly Syscall[],
  markers: ReadonlyMap<number, string>,
): { acks: number; violations: string[] } {
  const facts = sortCalls(calls)
  const violations = facts.acks.flatMap(({ id, begun }) => {
    const marker = markers.get(id) ?? `unknown packet id ${id}`
    const write = facts.writes.find(
      ({ bytes, path }) => path.endsWith('.segment') && bytes.includes(marker),
    )
    const why =
      write && write.ended < begun
        ? whyNotDurable(facts, write, begun)
        : 'it was not written before'
    return why === undefined ? [] : [`PUBACK ${id}: ${why}`]
  })
  return { acks: facts.acks.length, violations }
}
