import { type ProblemCode, problems } from '../contract/api/problems.ts'

/**
 * A refusal that the caller can do something about. `code` is from the catalogue in
 * `contract/api/problems.ts`, which also holds the HTTP status; rooms never name a status.
 */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: ProblemCode,
    detail: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details
  }

  get status(): number {
    return problems[this.code].status
  }
}

/** The message of anything thrown, for logs and device-facing reasons. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
