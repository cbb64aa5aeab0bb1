const jsonEscape = Buffer.from('\\u')

const isBad = (text: string): boolean => text.includes('\0') || !text.isWellFormed()

function holdsBad(value: unknown): boolean {
  if (typeof value === 'string') return isBad(value)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(holdsBad)
  return Object.entries(value).some(([key, inner]) => isBad(key) || holdsBad(inner))
}

/**
 * Does a body hold text that PostgreSQL refuses to keep: NUL, or half of a surrogate pair? One such
 * record would stop the reader of all agents. Pure. JSON in UTF-8 can say both only as an escape,
 * so that most payloads are not walked.
 */
export const holdsUnstorableText = (payload: Buffer, body: unknown): boolean =>
  payload.includes(jsonEscape) && holdsBad(body)
