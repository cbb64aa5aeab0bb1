import type { Stores } from './stores.ts'
import { keyPairFrom } from './tls.ts'

export type KeyPairs = ReturnType<typeof readKeyPairs>

/** What the TLS doors show: the operator's files, or a pair of our own. */
export function readKeyPairs({ config, places, startedAt }: Stores) {
  const hosts = [...new Set(['localhost', '127.0.0.1', config.http.host])]
  const about = { hosts, now: startedAt }
  const { http, mqtt } = config
  return {
    https: http.tls && keyPairFrom(http.tls.files, places, about),
    mqtts: mqtt.tls && keyPairFrom(mqtt.tls.files, places, about),
  }
}
