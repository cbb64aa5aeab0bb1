import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** The hub to develop against: `npx vite --config src/console/vite.config.ts`. */
const hub = process.env['ANSANG_CONSOLE_HUB'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: folder,
  plugins: [react()],
  build: {
    outDir: `${folder}dist`,
    emptyOutDir: true,
    // The page's policy allows no data: scripts or fonts, and phones here are not new.
    assetsInlineLimit: 0,
    target: ['chrome100', 'safari15.4', 'firefox102'],
  },
  server: { host: '127.0.0.1', proxy: { '/api': hub } },
})
