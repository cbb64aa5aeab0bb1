import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRecorderState } from '../../agents/recorder/recorder-state.ts'
import { silentLog } from '../../src/core/log.ts'
import { startClock, tempFolder } from '../support/collecting.ts'

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder.remove())

const clock = startClock()
const login = { username: 'monitor', password: 'secret words' }
const at = 'http://192.0.2.1'
const open = (path = folder.path) => openRecorderState({ folder: path, clock, log: silentLog })
const opened = (changes: Partial<typeof login> = {}, address = at) => {
  const state = open()
  state.announceLogin({ ...login, ...changes }, address)
  return state
}

test('a refusal is on disk before the poll goes on', () => {
  opened().gate.refused({ kind: 'rejected' })
  expect(opened().gate.open()).toBe(false)
})

test.each([
  ['password', { password: 'another' }, at],
  ['user', { username: 'another' }, at],
  ['address', {}, 'http://192.0.2.2'],
])('another %s opens the gate', (_, changes, address) => {
  opened().gate.refused({ kind: 'rejected' })
  expect(opened(changes, address).gate.open()).toBe(true)
})

test('that a login has worked is known after a restart', () => {
  opened().gate.accepted()
  const state = opened()
  state.gate.refused({ kind: 'rejected' })
  expect(state.lockout().retryAt).toBe(clock.now() + 300_000)
})

test('nothing is written when nothing changed', () => {
  const state = opened()
  const before = statSync(join(folder.path, 'recorder.json')).mtimeMs
  state.announceLogin(login, at)
  state.save()
  expect(statSync(join(folder.path, 'recorder.json')).mtimeMs).toBe(before)
  expect(readdirSync(folder.path)).toEqual(['recorder.json'])
})

test('only the owner may read it', () => {
  opened()
  expect(statSync(join(folder.path, 'recorder.json')).mode & 0o077).toBe(0)
})

test.each(['', '{', '{"salt":1}', 'null'])('a file that holds %j starts anew', (text) => {
  writeFileSync(join(folder.path, 'recorder.json'), text)
  const state = opened()
  expect(state.gate.open()).toBe(true)
  state.gate.refused({ kind: 'rejected' })
  expect(opened().gate.open()).toBe(false)
})

test('a folder that cannot be written still holds the refusal for this run', () => {
  const path = join(folder.path, 'taken')
  writeFileSync(path, 'a file stands in its place')
  const state = open(path)
  state.announceLogin(login, at)
  state.gate.refused({ kind: 'rejected' })
  expect(state.gate.open()).toBe(false)
})
