import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { z } from 'zod'
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
  // No routes of the plugin's own: each route must say who may use it.
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    setHeaders: (reply, path) => {
      const isHashed = path.includes('/assets/')
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.get(
    '/*',
    {
      config: { permission: 'public' },
      schema: { hide: true, params: z.object({ '*': z.string() }) },
    },
    (request, reply) => {
      if (!isPage(request.url)) return reply.callNotFound()
      const path = request.params['*']
      return reply.sendFile(/\.\w+$/.test(path) ? path : 'index.html')
    },
  )
  return true
}
