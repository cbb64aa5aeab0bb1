import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type UpsModel, upsVariables } from './ups-model.ts'

/**
 * An upsd on a real socket, for the dialogues that real drivers rarely hold on demand. The UPS
 * models and the manners are plain objects that may be changed while it runs.
 */
export type NutManners = {
  /** `drip` sends single bytes; `endless` never ends a list; `mute` never answers; the rest: nonsense. */
  transport: 'well' | 'drip' | 'endless' | 'long-line' | 'mute' | 'cut' | 'garbage'
}

export type NutFake = {
  port: number
  upses: Record<string, UpsModel>
  manners: NutManners
  /** Every command line received, at most 1000. */
  commands: string[]
  open: () => number
  power: (on: boolean) => Promise<void>
  close: () => Promise<void>
}

export async function createNutFake(options: {
  upses: Record<string, UpsModel>
  port?: number
}): Promise<NutFake> {
  const { upses } = options
  const manners: NutManners = { transport: 'well' }
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let server: Server | undefined

  const hear = (socket: Socket, line: string) => {
    commands.push(line)
    if (commands.length > 1000) commands.shift()
    send(socket, answer(line, upses), manners.transport)
    if (line === 'LOGOUT') socket.end()
  }
  const greet = (socket: Socket) => {
    sockets.add(socket)
    let rest = ''
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) hear(socket, line)
    })
  }
  const listen = async (port: number) => {
    if (server) return
    const next = createServer(greet)
    server = next
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject)
      next.listen(port, '127.0.0.1', resolve)
    })
  }
  const stop = async () => {
    const last = server
    server = undefined
    for (const socket of sockets) socket.destroy()
    if (last) await new Promise((resolve) => last.close(resolve))
  }
  await listen(options.port ?? 0)
  const port = (server as unknown as Server).address() as AddressInfo
  return {
    port: port.port,
    upses,
    manners,
    commands,
    open: () => sockets.size,
    power: (on) => (on ? listen(port.port) : stop()),
    close: stop,
  }
}

const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`

function answer(line: string, upses: Record<string, UpsModel>): string {
  if (line === 'LOGOUT') return 'OK Goodbye\n'
  if (line === 'LIST UPS') {
    const rows = Object.keys(upses).map((name) => `UPS ${name} "a UPS"\n`)
    return `BEGIN LIST UPS\n${rows.join('')}END LIST UPS\n`
  }
  const name = /^LIST VAR (\S+)$/.exec(line)?.[1]
  if (name === undefined) return 'ERR UNKNOWN-COMMAND\n'
  const ups = upses[name]
  if (!ups) return 'ERR UNKNOWN-UPS\n'
  if (ups.driver === 'stale') return 'ERR DATA-STALE\n'
  if (ups.driver === 'dead') return 'ERR DRIVER-NOT-CONNECTED\n'
  const rows = Object.entries(upsVariables(ups)).map(
    ([key, value]) => `VAR ${name} ${key} ${quoted(value)}\n`,
  )
  return `BEGIN LIST VAR ${name}\n${rows.join('')}END LIST VAR ${name}\n`
}

function send(socket: Socket, text: string, transport: NutManners['transport']): void {
  switch (transport) {
    case 'mute':
      return
    case 'garbage':
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
      return
    case 'cut':
      socket.end(text.slice(0, Math.floor(text.length / 2)))
      return
    case 'drip':
      drip(socket, Buffer.from(text))
      return
    case 'long-line':
      flood(socket, 'VAR ')
      return
    case 'endless': {
      const [first = '', second = ''] = text.split('\n')
      socket.write(`${first}\n`)
      flood(socket, `${second}\n`)
      return
    }
    case 'well':
      socket.write(text)
  }
}

/** Each byte is its own packet. */
function drip(socket: Socket, bytes: Buffer): void {
  socket.setNoDelay(true)
  const next = (at: number) => {
    if (at >= bytes.length || socket.destroyed) return
    socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1))
  }
  next(0)
}

/** Says the same until the other side hangs up. */
function flood(socket: Socket, text: string): void {
  const chunk = text.repeat(Math.ceil(16_384 / text.length))
  const more = () => {
    if (!socket.destroyed && socket.write(chunk)) setImmediate(more)
  }
  socket.on('drain', more)
  more()
}
