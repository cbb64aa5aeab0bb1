import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createEmbeddedSeries } from './embedded.ts'
import { createInfluxSeries } from './influx.ts'
import type { InfluxAddress } from './influx-http.ts'
import type { Retention, SeriesStore } from './series.ts'

/** Only names that need no quoting anywhere. */
const databaseName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/**
 * `influx://user:pass@host:8086/db`; `influxs:` for TLS. `?schema=none` for an engine whose
 * database and policies are made by somebody else. Throws what is wrong with the address, without
 * the password.
 */
export function parseInfluxUrl(url: string): { address: InfluxAddress; managed: boolean } {
  if (!URL.canParse(url)) throw new Error('series address: expected influx://host:8086/database')
  const { protocol, hostname, port, pathname, username, password, searchParams } = new URL(url)
  const database = decodeURIComponent(pathname.slice(1))
  if (protocol !== 'influx:' && protocol !== 'influxs:') {
    throw new Error('series address: expected embedded: or influx://host:8086/database')
  }
  if (hostname === '') throw new Error('series address: the host is missing')
  if (!databaseName.test(database)) {
    throw new Error('series address: the database must be letters, digits, _ and -')
  }
  const schema = searchParams.get('schema') ?? 'v1'
  if (schema !== 'v1' && schema !== 'none') throw new Error('series address: schema=v1 or none')
  return {
    managed: schema === 'v1',
    address: {
      tls: protocol === 'influxs:',
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 8086 : Number(port),
      database,
      username: username === '' ? undefined : decodeURIComponent(username),
      password: username === '' ? undefined : decodeURIComponent(password),
    },
  }
}

/**
 * Opens the store of an address: `embedded:` (a file below `folder`) or `influx://…`. Does not need
 * the server to be up.
 */
export async function openSeries(
  url: string,
  options: { folder: string; clock: Clock; log: Log; retention?: Partial<Retention> },
): Promise<SeriesStore> {
  if (url === 'embedded:') return createEmbeddedSeries(options)
  return createInfluxSeries({ ...parseInfluxUrl(url), ...options })
}
