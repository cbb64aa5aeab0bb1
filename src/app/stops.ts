import type { Log } from '../core/log.ts'

export type Stops = ReturnType<typeof createStops>

/** Runs what was started in reverse, each once, and goes on when one fails to stop. */
export function createStops(log: Log) {
  const stops: { name: string; stop: () => unknown }[] = []
  return {
    add: (name: string, stop: () => unknown) => stops.push({ name, stop }),
    run: async () => {
      for (const { name, stop } of stops.splice(0).reverse()) {
        try {
          await stop()
        } catch (error) {
          log.error({ part: name, err: error }, 'a part did not stop well')
        }
      }
    },
  }
}
