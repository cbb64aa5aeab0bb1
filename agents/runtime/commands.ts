import type { z } from 'zod'
import type { ClockTrust } from '../../src/contract/wire/common.ts'
import type { Command, Reply } from '../../src/contract/wire/messages.ts'
import type { Log } from '../../src/core/log.ts'
import { messageOf } from '../../src/core/problem.ts'
import type { CommandHandler } from './collector.ts'
import type { AgentState } from './state.ts'

type CommandMessage = z.infer<typeof Command>
export type ReplyBody = Pick<z.infer<typeof Reply>, 'command' | 'ok' | 'error' | 'body'>

const rememberedCommands = 200

/**
 * May this command be carried out now? Its expiry is absolute, so who does not know the time must
 * not: a command from hours ago would switch lights that somebody has switched since.
 */
export function refusalOf(
  command: Pick<CommandMessage, 'expiresAt'>,
  time: { now: number; trust: ClockTrust },
): string | undefined {
  if (time.trust === 'untrusted') return 'the agent does not know the time'
  return Date.parse(command.expiresAt) <= time.now ? 'expired' : undefined
}

export type Commands = {
  /** The reply to send; `undefined` when this id is being carried out or was answered before. */
  handle: (command: CommandMessage) => Promise<ReplyBody | undefined>
}

/** Carries each command id out at most once, also over a restart. */
export function createCommands(options: {
  find: (command: CommandMessage) => CommandHandler | undefined
  time: () => { now: number; trust: ClockTrust }
  signal: AbortSignal
  state: AgentState
  log: Log
}): Commands {
  const { find, time, signal, state, log } = options
  const begun = () => state.get<string[]>('commands') ?? []

  const carryOut = async (command: CommandMessage): Promise<ReplyBody> => {
    const { id, name, args } = command
    const refused = refusalOf(command, time())
    if (refused) return { command: id, ok: false, error: refused }
    const handler = find(command)
    if (!handler) return { command: id, ok: false, error: `not supported by this agent: ${name}` }
    try {
      const body = await handler(args, signal)
      return { command: id, ok: true, ...(body === undefined ? {} : { body: body as never }) }
    } catch (error) {
      log.warn({ command: id, name, reason: messageOf(error) }, 'command failed')
      return { command: id, ok: false, error: messageOf(error).slice(0, 300) }
    }
  }
  return {
    handle: async (command) => {
      if (begun().includes(command.id)) return undefined
      // Remembered before it begins: half done and forgotten would be done twice.
      state.set('commands', [...begun(), command.id].slice(-rememberedCommands))
      return carryOut(command)
    },
  }
}
