import { z } from 'zod'

/** Ids are opaque text: letters, digits, `-`, `_`, `.`, `:`. */
export const Id = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/)

export const IsoInstant = z.iso.datetime({ offset: true })

/** Text a person wrote: trimmed, NFC, not empty. */
export const Label = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .overwrite((text) => text.normalize('NFC'))

/** Every list: at most `limit` items and the cursor of what follows, or null at the end. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() })

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(500).optional(),
})

/** RFC 9457 problem details, with our code and the field issues of a bad request. */
export const ProblemBody = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    requestId: z.string().optional(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export const Severity = z.enum(['critical', 'high', 'medium', 'low'])
