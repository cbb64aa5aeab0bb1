import { settingNames, settingOf } from '../../../src/config/settings.ts'
import { composeText, composeVariables } from '../compose.ts'
import { generatedNote, table } from './markdown.ts'

const intro = `# Configuration

${generatedNote}

The hub reads its settings from the environment and from the file \`.env\` in the folder it is
started in; the environment wins. An empty value counts as not set, relative paths start in that
folder, and an unknown \`ANSANG_…\` name is an error that suggests the name you probably meant.
All errors are shown at once, and the value of a secret is never printed.`

const outro = `The hub warns at its start when passwords or agent secrets would cross a network
unprotected: a listener that is not on loopback without TLS in front of it.`

const composeIntro = `## Docker Compose

\`docker-compose.yml\` runs hub, InfluxDB and Grafana together. It takes these variables from the
environment or the same \`.env\` file; there is no default password. Ports are published on loopback
unless \`PUBLISH_ADDRESS\` says otherwise.`

function composeTable(): string {
  const rows = composeVariables(composeText()).map(({ name, demand, default: value }) => [
    `\`${name}\``,
    value ? `\`${value}\`` : '',
    demand === undefined ? '' : `needed: ${demand}`,
  ])
  const once = new Map(rows.map((row) => [row[0], row]))
  return table(['variable', 'default', ''], [...once.values()])
}

/** docs/configuration.md: every setting as a table. */
export function configurationPage(): string {
  const rows = settingNames.map((name) => {
    const { about, default: value, example, secret } = settingOf(name)
    return [
      `\`${name}\``,
      value === undefined ? '' : `\`${value}\``,
      secret ? `${about} **Secret.**` : about,
      `\`${example}\``,
    ]
  })
  const settings = table(['setting', 'default', 'meaning', 'example'], rows)
  return `${[intro, settings, outro, composeIntro, composeTable()].join('\n\n')}\n`
}
