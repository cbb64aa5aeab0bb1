/** A message on its way out. `id` is the delivery's: the receiver can drop what it has seen. */
export type Outgoing = {
  id: string
  at: number
  subject: string
  text: string
  body: Record<string, unknown>
}

/** One way to tell people. Throws `NotSent`; `giveUp` = trying again cannot help. */
export type Channel = {
  send: (message: Outgoing, to: { address: string; secret: string }) => Promise<void>
  close?: () => void
}

export class NotSent extends Error {
  override readonly name = 'NotSent'
  readonly giveUp: boolean

  constructor(reason: string, options: { giveUp: boolean; cause?: unknown }) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause })
    this.giveUp = options.giveUp
  }
}
