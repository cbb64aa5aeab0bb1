type Entry = {
  release: (error?: Error) => void
  settled: boolean
  error: Error | undefined
  next: Entry | undefined
}

export type Pending = {
  /**
   * Adds the next record in arrival order. The returned function settles it; `release` is called
   * once everything before it is released too. After the first error nothing more is released:
   * the client is about to be cut off and must not see a later record acknowledged.
   */
  add: (release: (error?: Error) => void) => (error?: Error) => void
  size: () => number
  /** Forgets everything: the connection is gone, nobody waits any more. */
  drop: () => void
}

/**
 * Acknowledgements of one client in the order of arrival, whatever order they settle in
 * [MQTT-4.6.0-2]. Calls `onFull` at `limit` waiting records and `onFree` at half of it.
 */
export function createPending(options: {
  limit: number
  onFull: () => void
  onFree: () => void
}): Pending {
  let head: Entry | undefined
  let tail: Entry | undefined
  let size = 0
  let full = false
  let dropped = false

  const drop = () => {
    dropped = true
    head = undefined
    tail = undefined
    size = 0
  }
  const releaseSettled = () => {
    while (head?.settled) {
      const entry = head
      head = entry.next
      if (!head) tail = undefined
      size -= 1
      if (entry.error) drop()
      entry.release(entry.error)
    }
    if (!full || dropped || size > options.limit / 2) return
    full = false
    options.onFree()
  }
  const settle = (entry: Entry, error: Error | undefined) => {
    if (entry.settled) return
    entry.settled = true
    entry.error = error
    if (!dropped && entry === head) releaseSettled()
  }
  return {
    add: (release) => {
      const entry: Entry = { release, settled: false, error: undefined, next: undefined }
      if (tail) tail.next = entry
      else head = entry
      tail = entry
      size += 1
      if (!full && size >= options.limit) {
        full = true
        options.onFull()
      }
      return (error) => settle(entry, error)
    },
    size: () => size,
    drop,
  }
}
