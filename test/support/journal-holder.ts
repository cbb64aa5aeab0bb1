/** Holds a journal folder until it is killed. */
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openJournal } from '../../src/ingest/journal.ts'

await openJournal({ folder: process.argv[2] ?? '', log: silentLog, clock: systemClock })
console.log('open')
