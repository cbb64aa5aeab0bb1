import { ensureFirstAdmin } from '../access/first-admin.ts'
import { createSessions } from '../access/sessions.ts'
import { createSignInTries } from '../access/sign-in-tries.ts'
import { createUsers } from '../access/users.ts'
import { createAlertStore } from '../alerts/store.ts'
import { createAreas } from '../areas/store.ts'
import { createCredentials } from '../devices/credentials.ts'
import { createDevices } from '../devices/store.ts'
import { createLighting } from '../lighting/store.ts'
import { createNotify } from '../notify/store.ts'
import { createBindings } from '../register/bindings.ts'
import { createRegister } from '../register/store.ts'
import { forgetPresence } from '../twin/presence.ts'
import { createWork } from '../work/store.ts'
import type { Stores } from './stores.ts'

export type Rooms = Awaited<ReturnType<typeof createRooms>>

/** Builds the rooms that people and routes work with; nothing runs by itself yet. */
export async function createRooms({ config, clock, db, hubId, keyring, room }: Stores) {
  const place = { timeZone: config.timeZone, lat: 18.68, lon: 105.68 }
  const areas = createAreas({ db, clock })
  const users = createUsers({ db, clock })
  const sessions = createSessions({ db, clock, tries: createSignInTries() })
  const register = createRegister({ db, clock })
  const bindings = createBindings(db)
  const devices = createDevices({ db, clock, keyring })
  const credentials = createCredentials({
    db,
    keyring,
    onNewSecretUsed: (agentId) =>
      void devices
        .forgetPrevious(agentId)
        .catch((err) => room('devices').warn({ agentId, err }, 'old secret stays')),
  })
  const alerts = createAlertStore({ db, clock })
  const lighting = createLighting({ db, clock })
  const work = createWork({ db, clock, timeZone: config.timeZone })
  const notify = createNotify({ db, clock, keyring })
  const firstPassword = await ensureFirstAdmin(users, config.adminPassword)
  await Promise.all([bindings.refresh(), credentials.refresh(), forgetPresence(db, hubId)])
  return {
    place,
    areas,
    users,
    sessions,
    register,
    bindings,
    devices,
    credentials,
    alerts,
    lighting,
    work,
    notify,
    firstPassword,
  }
}
