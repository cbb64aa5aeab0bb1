import { dashboardFiles } from '../../../dashboards/build.ts'
import { asyncApiJson } from './asyncapi.ts'
import { configurationPage } from './configuration.ts'
import { envExample } from './env-example.ts'
import { openApiJson } from './openapi.ts'
import { wirePage } from './wire-page.ts'

/** One generated file: its path in the project and the function that makes its whole text. */
export type Generated = { path: string; make: () => string | Promise<string> }

/**
 * Every committed file that is made from the code. `npm run generate` writes them, a test allows
 * no difference. A new one is one line here.
 */
export const generated: readonly Generated[] = [
  { path: '.env.example', make: envExample },
  { path: 'docs/configuration.md', make: configurationPage },
  { path: 'docs/wire.md', make: wirePage },
  { path: 'docs/generated/asyncapi.json', make: asyncApiJson },
  { path: 'docs/generated/openapi.json', make: openApiJson },
  ...Object.entries(dashboardFiles).map(([path, make]) => ({ path: `dashboards/${path}`, make })),
]
