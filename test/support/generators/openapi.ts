import { accessRoutes } from '../../../src/access/routes.ts'
import { alertRoutes } from '../../../src/alerts/routes.ts'
import { version } from '../../../src/app/version.ts'
import { areaRoutes } from '../../../src/areas/routes.ts'
import { silentLog } from '../../../src/core/log.ts'
import { deviceRoutes } from '../../../src/devices/routes.ts'
import { healthRoutes } from '../../../src/http/health.ts'
import { createHttp } from '../../../src/http/server.ts'
import { lightingRoutes } from '../../../src/lighting/routes.ts'
import { notifyRoutes } from '../../../src/notify/routes.ts'
import { registerRoutes } from '../../../src/register/routes.ts'
import { liveRoutes } from '../../../src/views/live-routes.ts'
import { viewRoutes } from '../../../src/views/routes.ts'
import { workRoutes } from '../../../src/work/routes.ts'

/** Nothing is asked of the rooms while their routes are only described. */
const nothing = {} as never

/**
 * docs/generated/openapi.json: the HTTP API as the hub serves it at /api/openapi.json, made without
 * a hub. A test holds both against each other, so that no room's routes are forgotten here.
 */
export async function openApiJson(): Promise<string> {
  const { app, close } = await createHttp({
    log: silentLog,
    version,
    authenticate: () => Promise.resolve(undefined),
  })
  healthRoutes(app, nothing)
  areaRoutes(app, nothing)
  accessRoutes(app, nothing)
  registerRoutes(app, nothing)
  deviceRoutes(app, nothing)
  alertRoutes(app, nothing)
  lightingRoutes(app, nothing)
  workRoutes(app, nothing)
  notifyRoutes(app, nothing)
  viewRoutes(app, nothing)
  liveRoutes(app, nothing)
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), undefined, 2)}\n`
  await close()
  return text
}
