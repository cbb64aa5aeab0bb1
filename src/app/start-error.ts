import type { Config } from '../config.ts'
import { messageOf } from '../core/problem.ts'

/** The hub cannot start, and who runs it can mend that. The message says what is wrong and how. */
export class StartError extends Error {
  override readonly name: string = 'StartError'
}

type PortSetting = { host: string; port: number | undefined; setting: string; hostSetting: string }

const sentences: Record<string, (one: PortSetting) => string> = {
  EADDRINUSE: ({ port, setting }) =>
    `Port ${port} (${setting}) is used by another program. Stop that one, or set ${setting} to a free port.`,
  EACCES: ({ port, setting }) =>
    `Port ${port} (${setting}) may not be opened by this user: below 1024 that takes a right. Set ${setting} to a higher port.`,
  EADDRNOTAVAIL: ({ host, hostSetting }) =>
    `${hostSetting}: ${host} is no address of this machine. Set it to one that is, or to 127.0.0.1.`,
  ENOTFOUND: ({ host, hostSetting }) => `${hostSetting}: the name ${host} is not known.`,
}

/**
 * Runs what opens listeners; a port or address that cannot be had is told with the name of its
 * setting. Throws StartError.
 */
export async function openPorts<T>(
  settings: readonly PortSetting[],
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    const { code, port } = cause as { code?: string; port?: number }
    const one = settings.find((setting) => setting.port === port) ?? settings[0]
    const sentence = Object.hasOwn(sentences, code ?? '') ? sentences[code ?? ''] : undefined
    if (!one || !sentence) throw cause
    throw new StartError(sentence(one), { cause })
  }
}

const portOf = (
  host: string,
  port: number | undefined,
  family: 'HTTP' | 'MQTT',
  tls = '',
): PortSetting => ({
  host,
  port,
  setting: `ANSANG_${family}${tls}_PORT`,
  hostSetting: `ANSANG_${family}_HOST`,
})

export const httpPorts = ({ http }: Pick<Config, 'http'>): PortSetting[] => [
  portOf(http.host, http.port, 'HTTP'),
  portOf(http.host, http.tls?.port, 'HTTP', 'S'),
]

export const mqttPorts = ({ mqtt }: Pick<Config, 'mqtt'>): PortSetting[] => [
  portOf(mqtt.host, mqtt.port, 'MQTT'),
  portOf(mqtt.host, mqtt.tls?.port, 'MQTT', 'S'),
]

/** One folder, one hub: says so where the journal found another one. Throws StartError. */
export function explainJournal(dataDir: string): (cause: unknown) => never {
  return (cause) => {
    const holder = /is in use(?: by process (\d+))?/.exec(messageOf(cause))
    if (!holder) throw cause
    const who = holder[1] ? ` (process ${holder[1]})` : ''
    throw new StartError(
      `The data folder ${dataDir} is in use by another hub${who}. Stop that one, or set ANSANG_DATA_DIR to another folder.`,
      { cause },
    )
  }
}
