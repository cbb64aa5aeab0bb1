import { createTransport, type Transporter } from 'nodemailer'
import { messageOf } from '../core/problem.ts'
import { type Channel, NotSent } from './channel.ts'

/** SMTP says 5xx for what will never work, 4xx for what may. */
const isFinal = (cause: unknown): boolean => {
  const code = (cause as { responseCode?: number } | null)?.responseCode
  return code !== undefined && code >= 500
}

/** Plain text mail. The delivery's id is the Message-ID, so a mailbox can drop a double. */
export function createEmailChannel(smtp: { url: string; from: string }): Channel {
  const transport: Transporter = createTransport(smtp.url, {
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  } as object)
  return {
    send: async (message, { address }) => {
      try {
        await transport.sendMail({
          from: smtp.from,
          to: address,
          subject: message.subject,
          text: message.text,
          messageId: `<${message.id}@ansang>`,
          date: new Date(message.at),
        })
      } catch (cause) {
        throw new NotSent(messageOf(cause), { giveUp: isFinal(cause), cause })
      }
    },
    close: () => transport.close(),
  }
}
