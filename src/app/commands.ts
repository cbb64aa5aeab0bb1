import { resetPassword } from '../access/first-admin.ts'
import { createUsers } from '../access/users.ts'
import type { Config } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { Problem } from '../core/problem.ts'
import { newLineage } from '../db/meta.ts'
import { openHubDatabase } from './database.ts'
import { placesIn, prepareFolder } from './folder.ts'

const usage = `Unknown command. There are:
  npm start                              run the hub
  npm start -- reset-password USERNAME   give a user a new one-time password
  npm start -- after-restore             say that the database was restored from a backup`

/** Commands for who can sign in on the machine; the hub may run meanwhile. Returns what to print. */
export async function runCommand(
  config: Config,
  command: string,
  args: readonly string[],
): Promise<string> {
  if (command !== 'reset-password' && command !== 'after-restore')
    throw new Problem('request.invalid', usage)
  prepareFolder(config.dataDir)
  const places = placesIn(config.dataDir)
  const { db } = await openHubDatabase({
    url: config.dbUrl,
    clock: systemClock,
    log: silentLog,
    backupFolder: places.backups,
    markerFile: places.marker,
  })
  try {
    if (command === 'after-restore') {
      await newLineage(db)
      return 'Noted. Agents and consoles will compare everything anew; restart the hub if it runs.'
    }
    const username = args[0] ?? 'admin'
    const password = await resetPassword(createUsers({ db, clock: systemClock }), username)
    return `New password for ${username}: ${password} (they choose their own at the next sign-in)`
  } finally {
    await db.close()
  }
}
