/** Child: bare Aedes, the reference. It authenticates nobody, keeps nothing and acknowledges at once. */
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const broker = await Aedes.createBroker({ concurrency: 10_000, queueLimit: 1000 })
const server = createServer(broker.handle)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ answer: { port: typeof address === 'object' ? address?.port : 0 } })
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({
    answer: {
      cpuMs: (user + system) / 1000,
      rssMb: process.memoryUsage.rss() / 1024 / 1024,
      connected: broker.connectedClients,
    },
  })
})
