import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/**
 * One function per happening. Labels are few and low in number: never an agent, asset or address.
 */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, label?: string) =>
    new Counter({
      name: `ansang_${name}`,
      help,
      registers: [registry],
      labelNames: label ? [label] : [],
    })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `ansang_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  const broker = counter('broker_events_total', 'Refusals and happenings at the MQTT door', 'what')
  const accepted = counter('records_accepted_total', 'Records acknowledged after the journal sync')
  const refused = counter('records_refused_total', 'Records not accepted (journal full or failing)')
  const read = counter('records_read_total', 'Records read from the journal, by outcome', 'outcome')
  const unbound = counter('samples_unbound_total', 'Parts that no asset is bound to')
  const series = counter('series_points_total', 'Points by what became of them', 'outcome')
  const alerts = counter('alert_events_total', 'Alerts opened, resolved and so on', 'kind')
  const notices = counter('deliveries_total', 'Messages by result', 'result')
  return {
    brokerEvent: (what: string) => broker.inc({ what }),
    recordAccepted: () => accepted.inc(),
    recordRefused: () => refused.inc(),
    recordsRead: (outcome: string, n: number) => read.inc({ outcome }, n),
    samplesUnbound: (n: number) => unbound.inc(n),
    seriesPoints: (outcome: string, n: number) => series.inc({ outcome }, n),
    alertEvent: (kind: string) => alerts.inc({ kind }),
    delivery: (result: string) => notices.inc({ result }),
    /** A figure read when asked for. */
    watch: gauge,
    text: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  }
}
