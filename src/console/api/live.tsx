/**
 * One event stream for the whole console. Events make queries old, at most every two seconds;
 * after a gap everything on the page is read again. What the page shows is never patched from an
 * event: one way to the truth is enough.
 */
import { type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from 'react'
import { keys, keysOf, liveKinds } from './keys.ts'

const gatherMs = 2000
const retryMs = 5000
/** A hub that restarts is back before anybody should be alarmed. */
const quietMs = 3000

type Live = {
  /** False while the stream is down and what is shown may be old. */
  connected: boolean
  /** Asks for the telemetry of this device while a page shows it. */
  watch: (assetId: string) => () => void
}

const LiveContext = createContext<Live>({ connected: true, watch: () => () => {} })

function createGatherer(client: QueryClient) {
  const waiting = new Map<string, QueryKey>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    timer = undefined
    const found = [...waiting.values()]
    waiting.clear()
    for (const queryKey of found) void client.invalidateQueries({ queryKey })
  }
  return {
    add: (old: readonly QueryKey[]) => {
      for (const key of old) waiting.set(JSON.stringify(key), key)
      if (waiting.size > 0) timer ??= setTimeout(flush, gatherMs)
    },
    stop: () => clearTimeout(timer),
  }
}

type Handlers = { onUp: () => void; onDown: () => void; onOld: (old: readonly QueryKey[]) => void }

const readAll = (client: QueryClient) =>
  client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' })

function assetIdIn(event: Event): string | undefined {
  try {
    const data: unknown = JSON.parse((event as MessageEvent<string>).data)
    const id = (data as { assetId?: unknown }).assetId
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

function openStream(watched: readonly string[], handlers: Handlers): EventSource {
  const query = watched.length > 0 ? `?assets=${encodeURIComponent(watched.join(','))}` : ''
  const stream = new EventSource(`/api/v1/live${query}`)
  stream.onopen = handlers.onUp
  stream.onerror = handlers.onDown
  for (const kind of liveKinds) stream.addEventListener(kind, () => handlers.onOld(keysOf(kind)))
  stream.addEventListener('telemetry', (event) => {
    const id = assetIdIn(event)
    if (id !== undefined) handlers.onOld([keys.device(id)])
  })
  return stream
}

/** Holds the stream open; gives up nothing but the browser's own retries. */
function createConnection(client: QueryClient, report: (connected: boolean) => void) {
  const gatherer = createGatherer(client)
  let stream: EventSource | undefined
  let watched: readonly string[] = []
  let wasLost = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let alarm: ReturnType<typeof setTimeout> | undefined

  const onUp = () => {
    clearTimeout(alarm)
    alarm = undefined
    report(true)
    if (wasLost) void readAll(client)
    wasLost = false
  }
  const onDown = () => {
    wasLost = true
    alarm ??= setTimeout(() => report(false), quietMs)
    if (stream?.readyState !== EventSource.CLOSED) return
    clearTimeout(retry)
    retry = setTimeout(() => {
      // A closed stream is a refusal: it may be the session that ended.
      void client.invalidateQueries({ queryKey: ['session'] })
      open()
    }, retryMs)
  }
  const open = () => {
    const before = stream
    const next = openStream(watched, { onUp, onDown, onOld: gatherer.add })
    stream = next
    // The old stream stays until the new one listens, so that nothing falls between them.
    next.addEventListener('open', () => before?.close(), { once: true })
    next.addEventListener('error', () => before?.close(), { once: true })
  }
  open()
  return {
    watch: (ids: readonly string[]) => {
      if (ids.join() === watched.join()) return
      watched = ids
      open()
    },
    stop: () => {
      stream?.close()
      gatherer.stop()
      clearTimeout(retry)
      clearTimeout(alarm)
    },
  }
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [connected, setConnected] = useState(true)
  const [connection, setConnection] = useState<ReturnType<typeof createConnection>>()
  useEffect(() => {
    const made = createConnection(client, setConnected)
    setConnection(made)
    return made.stop
  }, [client])
  const watch = useCallback(
    (assetId: string) => {
      connection?.watch([assetId])
      return () => connection?.watch([])
    },
    [connection],
  )
  const live = useMemo<Live>(() => ({ connected, watch }), [connected, watch])
  return <LiveContext value={live}>{children}</LiveContext>
}

export const useLive = (): Live => useContext(LiveContext)

/** Keeps a device's page fresh while it is shown. */
export function useWatched(assetId: string): void {
  const { watch } = useLive()
  useEffect(() => watch(assetId), [watch, assetId])
}
