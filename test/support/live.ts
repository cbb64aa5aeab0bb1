import type { Api } from './hub.ts'

export type LiveMessage = { id?: string; event: string; data: string }

const read = (block: string): LiveMessage | undefined => {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)] as const
    }),
  )
  const event = fields.get('event')
  const id = fields.get('id')
  return event === undefined
    ? undefined
    : { event, data: fields.get('data') ?? '', ...(id === undefined ? {} : { id }) }
}

/** Listens to the live stream as a browser does. `ended` tells that the hub has closed it. */
export async function openLive(
  url: string,
  api: Api,
  wish: { assets?: string; lastEventId?: string } = {},
) {
  const stopping = new AbortController()
  const query = wish.assets === undefined ? '' : `?assets=${encodeURIComponent(wish.assets)}`
  const response = await fetch(`${url}/api/v1/live${query}`, {
    headers: {
      ...api.headers,
      ...(wish.lastEventId === undefined ? {} : { 'last-event-id': wish.lastEventId }),
    },
    signal: stopping.signal,
  })
  const messages: LiveMessage[] = []
  const state = { ended: false }
  const listen = async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const message = read(block)
        if (message) messages.push(message)
      }
    }
  }
  listen()
    .catch(() => {})
    .finally(() => {
      state.ended = true
    })
  return {
    status: response.status,
    messages,
    ended: () => state.ended,
    close: () => stopping.abort(),
  }
}
