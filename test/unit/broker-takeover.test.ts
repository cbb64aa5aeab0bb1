import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import type { Client } from 'aedes'
import { expect, test } from 'vitest'
import { newLink } from '../../broker/link.ts'
import { createSessions } from '../../broker/takeover.ts'
import { until } from '../support/until.ts'

/** A client that does nothing by itself; `closing` is called when somebody closes it. */
function fakeClient(closing: (done: () => void) => void = (done) => done()) {
  const conn = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() })
  const client = Object.assign(new EventEmitter(), {
    conn,
    closed: false,
    close: (done: () => void) => {
      client.closed = true
      closing(done)
    },
  })
  const link = Object.assign(newLink(conn, undefined), { claims: 'agent-1' })
  return { conn, client: client as unknown as Client & EventEmitter, link }
}

function book() {
  const said: string[] = []
  const sessions = createSessions({
    maxPending: 10,
    present: (_agentId, number, connected) => said.push(`${number}${connected ? '+' : '-'}`),
    onTakeover: (old) => said.push(`${old.number} taken over`),
    onEnd: () => {},
    onFull: () => {},
    onFree: () => {},
  })
  const enter = ({ link, client }: ReturnType<typeof fakeClient>): void => {
    void sessions.enter(link, client, (session) => {
      said.push(session ? `${session.number} welcome` : 'gone')
    })
  }
  return { sessions, said, enter }
}

const turns = async (count: number) => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('the next one waits until the one before it stands', async () => {
  const { said, enter } = book()
  const [first, second] = [fakeClient(), fakeClient()]
  enter(first)
  enter(second)
  await turns(5)
  expect(said).toEqual(['1+', '1 welcome'])
  first.client.emit('connected')
  await until(() => said.length === 6)
  expect(said).toEqual(['1+', '1 welcome', '1 taken over', '1-', '2+', '2 welcome'])
})

test('the next one waits until the old one has left', async () => {
  const { said, enter, sessions } = book()
  const leaving: (() => void)[] = []
  const old = fakeClient((done) => leaving.push(done))
  enter(old)
  await turns(2)
  old.client.emit('connected')
  enter(fakeClient())
  await turns(5)
  expect(said).toEqual(['1+', '1 welcome', '1 taken over'])
  leaving[0]?.()
  await until(() => said.includes('2 welcome'))
  old.conn.destroy()
  await turns(3)
  expect(said.slice(3)).toEqual(['1-', '2+', '2 welcome'])
  expect(sessions.find('agent-1')?.number).toBe(2)
})

test('one that goes away while it waits gets no session, and holds nobody up', async () => {
  const { said, enter, sessions } = book()
  const [first, second, third] = [fakeClient(), fakeClient(), fakeClient()]
  enter(first)
  enter(second)
  enter(third)
  second.client.close(() => {})
  await turns(2)
  first.conn.destroy()
  await until(() => said.includes('2 welcome'))
  expect(said).toEqual(['1+', '1 welcome', '1-', 'gone', '2+', '2 welcome'])
  third.conn.destroy()
  await until(() => sessions.count() === 0)
})
