import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Receiver = { url: string; count: () => number; close: () => Promise<void> }

const mostBytes = 64 * 1024

const subjectOf = (text: string): string => {
  try {
    const { subject } = JSON.parse(text) as { subject?: unknown }
    return typeof subject === 'string' ? subject : ''
  } catch {
    return ''
  }
}

/** Where the demo's messages arrive: a webhook on loopback that says what it was told. */
export async function openReceiver(heard: (subject: string) => void): Promise<Receiver> {
  let count = 0
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      if (text.length < mostBytes) text += chunk
    })
    request.on('end', () => {
      count += 1
      heard(subjectOf(text))
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    count: () => count,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
