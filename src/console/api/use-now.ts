import { useSyncExternalStore } from 'react'
import { serverNow } from './server-time.ts'

const tickMs = 20_000
const listeners = new Set<() => void>()
let shown = serverNow()
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  shown = serverNow()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(tick, tickMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The hub's time, renewed three times a minute: all ages on a page move together. */
export function useNow(): number {
  // A page opened after a pause would begin with the time of the last one.
  if (serverNow() - shown > tickMs) shown = serverNow()
  return useSyncExternalStore(subscribe, () => shown)
}
