import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import { z } from 'zod'
import type { Http } from '../http/server.ts'

/** Where `npm run build` puts it. */
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'console', 'dist')

const isPage = (url: string) => !url.startsWith('/api/') && !url.startsWith('/mqtt')

const filesIn = (folder: string): Set<string> =>
  new Set(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  )

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
  const files = filesIn(folder)
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
      // An id may hold a dot: what is no file of the console is a page of it.
      const path = request.params['*']
      if (files.has(path)) return reply.sendFile(path)
      const isLost = path.startsWith('assets/') || path.includes('..')
      return isLost ? reply.callNotFound() : reply.sendFile('index.html')
    },
  )
  return true
}
