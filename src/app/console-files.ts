import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { Http } from '../http/server.ts'

const dist = fileURLToPath(new URL('../console/dist', import.meta.url))

const isPage = (url: string) => !url.startsWith('/api/') && !url.startsWith('/mqtt')

/**
 * Serves the built console at `/`, every page address leading to its one page. Returns false when
 * it is not built: the hub then runs without it.
 */
export async function serveConsole({ app }: Http, folder = dist): Promise<boolean> {
  if (!existsSync(`${folder}/index.html`)) {
    app.get('/', { config: { permission: 'public' }, schema: { hide: true } }, (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('The console is not built. Run: npm run build\n'),
    )
    return false
  }
  await app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, permission: 'public' }
      route.schema = { ...route.schema, hide: true }
    })
    await pages.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      setHeaders: (reply, path) => {
        const isHashed = path.includes('/assets/')
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
    pages.get('/*', (request, reply) =>
      isPage(request.url) && !/\.\w+$/.test(request.url.split('?')[0] ?? '')
        ? reply.sendFile('index.html')
        : reply.callNotFound(),
    )
  })
  return true
}
