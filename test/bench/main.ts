import { parseArgs } from 'node:util'
import { benchConnect } from './connect.ts'
import { benchIngest } from './ingest.ts'
import type { Options } from './print.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    agents: { type: 'string' },
    seconds: { type: 'string' },
    window: { type: 'string' },
    series: { type: 'string', default: 'embedded' },
  },
})

const benches: Record<string, { run: (options: Options) => Promise<void>; agents: number }> = {
  ingest: { run: benchIngest, agents: 200 },
  connect: { run: benchConnect, agents: 10_000 },
}

const [name = ''] = positionals
const bench = benches[name]
if (!bench || !['embedded', 'influx'].includes(values.series)) {
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--agents N] [--seconds S] [--window W] [--series embedded|influx]`,
  )
  process.exitCode = 1
} else {
  await bench.run({
    agents: Number(values.agents ?? bench.agents),
    seconds: Number(values.seconds ?? 10),
    window: Number(values.window ?? 10),
    series: values.series as Options['series'],
  })
}
