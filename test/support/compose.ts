import { parse } from 'yaml'
import { z } from 'zod'
import { textOf } from './imports.ts'

const Service = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.array(z.string()).default([]),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
})

const Compose = z.strictObject({
  name: z.literal('ansang'),
  services: z.strictObject({ hub: Service, influxdb: Service, grafana: Service }),
  volumes: z.record(z.string(), z.null()),
})

export const composeText = (): string => textOf('docker-compose.yml')
export const readCompose = () => Compose.parse(parse(composeText()))

/** One `${NAME…}` of a compose file: demanded (`:?`), or with a default (`:-`). */
export type ComposeVariable = { name: string; demand?: string; default?: string }

const pattern = /\$\{(\w+)(?::([?-])([^}]*))?\}/g

export function composeVariables(text: string): ComposeVariable[] {
  return [...text.matchAll(pattern)].map(([, name = '', kind, rest = '']) => {
    if (kind === '?') return { name, demand: rest }
    return kind === '-' ? { name, default: rest } : { name }
  })
}

/** The text as Docker Compose fills it in. Throws like it where a demanded variable is absent. */
export const fillIn = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(pattern, (_, name: string, kind: string | undefined, rest: string) => {
    const value = env[name]
    if (value) return value
    if (kind === '?') throw new Error(`${name}: ${rest}`)
    return kind === '-' ? rest : ''
  })

/** `host:container` of a published port and its address. */
export function portOf(text: string): { address: string; host: string; container: string } {
  const [address = '', host = '', container = ''] = text.split(':')
  return { address, host, container }
}

/** The instructions of a Dockerfile: continuation lines joined, comments gone. */
export function dockerInstructions(text: string): { word: string; rest: string }[] {
  return text
    .replace(/^#.*$/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const at = line.indexOf(' ')
      return { word: line.slice(0, at), rest: line.slice(at + 1).trim() }
    })
}
