import { settingNames, settingOf } from '../../../src/config/settings.ts'

/** `.env.example`: every setting with its meaning; those without a default are commented out. */
export function envExample(): string {
  const head = [
    '# Settings of the hub, at their defaults. Copy to .env and change what you need;',
    '# the environment wins over the file. Explained in docs/configuration.md.',
  ]
  const blocks = settingNames.map((name) => {
    const { about, default: value, example } = settingOf(name)
    const line = value === undefined ? `#${name}=${example}` : `${name}=${value}`
    return ['', `# ${about}`, line].join('\n')
  })
  return `${[...head, ...blocks].join('\n')}\n`
}
