import { parseResponseStatus } from './hikvision-system.ts'
import type { DeviceAnswer } from './http-login.ts'
import { parseXml, type XmlNode } from './isapi-xml.ts'

/** One answer of a recorder as a page, or the reason why there is none. Pure. */
export type Page<T> =
  | { value: T; sentAt: number; rttMs: number }
  /** `absent`: this recorder has no such page. `skipped`: it was not asked this time. */
  | { reason: string; absent?: boolean; skipped?: boolean }

type Given = Extract<DeviceAnswer, { kind: 'answer' }>
type Parser<T> = (node: XmlNode) => T | undefined

export function pageOf<T>(answer: DeviceAnswer, parse: Parser<T>): Page<T> {
  switch (answer.kind) {
    case 'answer':
      return pageFrom(answer, parse)
    case 'silent':
    case 'unusable':
      return { reason: answer.reason }
    case 'refused':
    case 'held':
      return { reason: 'login refused' }
  }
}

function pageFrom<T>(answer: Given, parse: Parser<T>): Page<T> {
  const node = parseXml(answer.body)
  const error = parseResponseStatus(node)
  if (isAbsent(answer.status)) return { reason: 'not supported', absent: true }
  if (error && !/^ok$/i.test(error.code)) {
    return { reason: error.code, ...(error.absent ? { absent: true } : {}) }
  }
  if (answer.status !== 200) return { reason: `HTTP ${answer.status}` }
  const value = node && parse(node)
  if (value === undefined) return { reason: 'unreadable answer' }
  return { value, sentAt: answer.sentAt, rttMs: answer.rttMs }
}

const isAbsent = (status: number): boolean => status === 404 || status === 501

/** It spoke as a recorder does: ISAPI XML of any kind, or it refused our login. */
export function isRecorderTalk(answer: DeviceAnswer): boolean {
  if (answer.kind !== 'answer') return answer.kind === 'refused'
  const root = parseXml(answer.body)?.name.toLowerCase()
  return root !== undefined && root !== 'html'
}
