import type { BodyOf, UpChannel } from '../../src/contract/wire/channels.ts'
import type { Envelope } from '../../src/contract/wire/common.ts'

export type { BodyOf, UpChannel }

/** A body without what every record carries. */
export type EnvelopeBody<C extends UpChannel> = Omit<BodyOf<C>, keyof Envelope>
