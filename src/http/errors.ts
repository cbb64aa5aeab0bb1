import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  isResponseSerializationError,
} from 'fastify-type-provider-zod'
import { type ProblemCode, problems } from '../contract/api/problems.ts'
import { Problem } from '../core/problem.ts'

type Answer = {
  code: ProblemCode
  detail: string
  issues?: { path: string; message: string }[]
}

const fromFastify: Record<number, ProblemCode> = {
  404: 'resource.not-found',
  413: 'request.too-large',
  429: 'request.too-many',
}

/** What the framework refuses by itself is the caller's doing as long as it says 4xx. */
function codeOfStatus(status: number | undefined): ProblemCode | undefined {
  if (status === undefined || status < 400 || status >= 500) return undefined
  return fromFastify[status] ?? 'request.invalid'
}

function validationAnswer(error: FastifyError): Answer {
  const issues = (error.validation ?? []).map((issue) => ({
    path: `${error.validationContext ?? ''}${issue.instancePath}`,
    message: issue.message ?? 'not valid',
  }))
  const first = issues[0]
  const detail = first ? `${first.path}: ${first.message}` : 'the request does not fit its schema'
  return { code: 'request.invalid', detail, issues }
}

function toAnswer(error: FastifyError | Problem): Answer | undefined {
  if (error instanceof Problem) return { code: error.code, detail: error.message }
  if (hasZodFastifySchemaValidationErrors(error)) return validationAnswer(error)
  const code = codeOfStatus(error.statusCode)
  return code ? { code, detail: error.message } : undefined
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, title } = problems[answer.code]
  return reply
    .status(status)
    .type('application/problem+json; charset=utf-8')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({
      type: `urn:ansang:problem:${answer.code}`,
      title,
      status,
      code: answer.code,
      detail: answer.detail,
      requestId: request.id,
      ...(answer.issues ? { issues: answer.issues } : {}),
    })
}

/** Refusals become RFC 9457 problems; bugs are logged with their cause and answered without detail. */
export function answerError(
  error: FastifyError | Problem,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const answer = toAnswer(error)
  if (answer) return send(request, reply, answer)
  const phrase = isResponseSerializationError(error)
    ? 'an answer does not fit its schema'
    : 'a request failed'
  request.log.error({ err: error, requestId: request.id, url: request.url }, phrase)
  return send(request, reply, {
    code: 'hub.error',
    detail: 'something went wrong in the hub; the request id is in its log',
  })
}

export const answerNotFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  send(request, reply, { code: 'resource.not-found', detail: 'there is nothing at this address' })
