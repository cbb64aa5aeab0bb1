import type { z } from 'zod'
import type { ProblemBody } from '../../contract/api/common.ts'
import { noteServerTime } from './server-time.ts'

type Body = z.infer<typeof ProblemBody>

/** A refusal of the hub, or that it gave no answer we can read. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly code: string
  readonly status: number
  readonly issues: NonNullable<Body['issues']>

  constructor(found: Pick<Body, 'code' | 'status' | 'detail' | 'issues'>) {
    super(found.detail)
    this.code = found.code
    this.status = found.status
    this.issues = found.issues ?? []
  }
}

export const isProblem = (error: unknown, code: string): boolean =>
  error instanceof ApiProblem && error.code === code

/** What the client must know of the session; the session keeps it up to date. */
const held = { csrf: '', onSignedOut: () => {}, onOldToken: () => {} }

export const holdCsrf = (csrf: string): void => {
  held.csrf = csrf
}

/** Nobody is signed in any more; or somebody signed in anew in another window. */
export const whenSessionChanges = (on: { signedOut: () => void; oldToken: () => void }): void => {
  held.onSignedOut = on.signedOut
  held.onOldToken = on.oldToken
}

export type Query = Record<string, string | number | boolean | undefined>

/** Address with the parameters that have a value. */
export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text ? `${path}?${text}` : path
}

function send(method: string, path: string, body: unknown): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET') headers['x-csrf-token'] = held.csrf
  return fetch(path, {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    const detail = `HTTP ${response.status}`
    throw new ApiProblem({ code: 'console.unreadable', status: response.status, detail })
  }
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body).catch((error: unknown) => {
    const detail = error instanceof Error ? error.message : ''
    throw new ApiProblem({ code: 'console.no-answer', status: 0, detail })
  })
  noteServerTime(response.headers.get('date'))
  if (response.status === 204) return undefined as T
  const answer = await readJson(response)
  if (response.ok) return answer as T
  const { code = 'console.unreadable', detail = '', issues } = answer as Partial<Body>
  if (code === 'access.signed-out') held.onSignedOut()
  if (code === 'access.csrf') held.onOldToken()
  throw new ApiProblem({ code, status: response.status, detail, issues })
}

/** The one way to the hub. Throws ApiProblem; answers are shaped by the contract. */
export const api = {
  get: <T>(path: string, query: Query = {}) => request<T>('GET', withQuery(path, query)),
  post: <T = void>(path: string, body?: unknown) => request<T>('POST', path, body),
  put: <T = void>(path: string, body: unknown) => request<T>('PUT', path, body),
  patch: <T = void>(path: string, body: unknown) => request<T>('PATCH', path, body),
  delete: <T = void>(path: string) => request<T>('DELETE', path),
}
