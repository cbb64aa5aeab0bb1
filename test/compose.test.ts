import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  dataSourceVariables,
  dataSourceYaml,
  grafanaFolders,
  providerYaml,
} from '../dashboards/provisioning.ts'
import { settingNames, settingOf } from '../src/config/settings.ts'
import { parseConfig } from '../src/config.ts'
import { parseInfluxUrl } from '../src/ingest/open-series.ts'
import {
  composeText,
  composeVariables,
  dockerInstructions,
  fillIn,
  portOf,
  readCompose,
} from './support/compose.ts'
import { root, textOf } from './support/imports.ts'

const compose = readCompose()
const { hub, influxdb, grafana } = compose.services
const services = Object.entries(compose.services)
const instructions = dockerInstructions(textOf('Dockerfile'))
const of = (word: string) => instructions.filter((one) => one.word === word).map((one) => one.rest)
const isSetting = (name: string) => (settingNames as string[]).includes(name)

const secrets = {
  ANSANG_ADMIN_PASSWORD: 'correct-horse-battery',
  INFLUX_PASSWORD: 'a1',
  INFLUX_READ_PASSWORD: 'b2',
  GRAFANA_PASSWORD: 'c3',
}
const filled = (environment: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, fillIn(value, secrets)]),
  )

/** ENV of the image's last stage. */
const imageEnv = Object.fromEntries(
  of('ENV')
    .join(' ')
    .split(/\s+/)
    .map((pair) => pair.split('=', 2) as [string, string]),
)
const config = parseConfig({ ...imageEnv, ...filled(hub.environment) }, '/app')

describe('docker-compose.yml', () => {
  test('every setting of the hub exists, here and in the image', () => {
    const names = [...Object.keys(hub.environment), ...Object.keys(imageEnv)]
    expect(names.filter((name) => name.startsWith('ANSANG_') && !isSetting(name))).toEqual([])
    expect(Object.keys(hub.environment).every(isSetting)).toBe(true)
  })

  test('every variable is demanded or has a default, the same wherever it stands', () => {
    const variables = composeVariables(composeText())
    for (const { name, demand, default: value } of variables) {
      expect(demand ?? value, name).toBeDefined()
      if (demand !== undefined) expect(demand.length, name).toBeGreaterThan(10)
      const forms = variables.filter((one) => one.name === name)
      expect(new Set(forms.map((one) => JSON.stringify(one))).size, name).toBe(1)
    }
  })

  test('a variable of the hub has the default of its setting', () => {
    const settings = composeVariables(composeText()).filter(({ name }) => isSetting(name))
    const differs = settings.filter(({ name, demand, default: value }) => {
      const own = settingOf(name as (typeof settingNames)[number]).default
      return demand === undefined && own !== undefined && own !== value
    })
    expect(differs).toEqual([])
  })

  test('no password has a default or stands in the file', () => {
    const variables = composeVariables(composeText())
    const named = variables.filter(({ name }) => /PASSWORD|SECRET|TOKEN/.test(name))
    expect(new Set(named.map(({ name }) => name))).toEqual(new Set(Object.keys(secrets)))
    expect(named.filter(({ demand }) => demand === undefined)).toEqual([])
    const literal = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(
        ([name, value]) => /PASSWORD|SECRET|TOKEN/.test(name) && !/^\$\{\w+:\?/.test(value),
      ),
    )
    expect(literal).toEqual([])
  })

  test.each(Object.keys(secrets))('without %s it does not start', (name) => {
    const others = Object.fromEntries(Object.entries(secrets).filter(([one]) => one !== name))
    expect(() => fillIn(composeText(), others)).toThrow(name)
    expect(() => fillIn(composeText(), secrets)).not.toThrow()
  })

  test('ports are published on loopback unless someone says otherwise', () => {
    const published = services.flatMap(([, { ports }]) => ports)
    expect(published).toHaveLength(3)
    for (const port of published) {
      expect(portOf(fillIn(port, secrets)).address).toBe('127.0.0.1')
      expect(portOf(fillIn(port, { ...secrets, PUBLISH_ADDRESS: '0.0.0.0' })).address).toBe(
        '0.0.0.0',
      )
    }
  })

  test('the published ports are those the hub listens on, at their defaults', () => {
    const ports = hub.ports.map((port) => portOf(fillIn(port, secrets)))
    const listening = [config.http.port, config.mqtt.port].map(String)
    expect(ports.map(({ container }) => container)).toEqual(listening)
    expect(ports.map(({ host }) => host)).toEqual([
      settingOf('ANSANG_HTTP_PORT').default,
      settingOf('ANSANG_MQTT_PORT').default,
    ])
    expect(config.http.host).toBe('0.0.0.0')
    expect(config.mqtt.host).toBe('0.0.0.0')
  })

  test('every path is there, every named volume declared and used', () => {
    const mounts = services.flatMap(([, { volumes }]) => volumes.map((one) => one.split(':')))
    const paths = mounts.map(([from = '']) => from).filter((from) => from.startsWith('.'))
    const volumes = mounts.map(([from = '']) => from).filter((from) => !from.startsWith('.'))
    expect(paths).toHaveLength(2)
    for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
    expect(volumes.sort()).toEqual(Object.keys(compose.volumes).sort())
    expect(existsSync(join(root, hub.build ?? '', 'Dockerfile'))).toBe(true)
  })

  test('what depends on a service names one that exists', () => {
    for (const [, { depends_on: names }] of services) {
      for (const name of names) expect(Object.keys(compose.services)).toContain(name)
    }
  })

  test('images have a version', () => {
    for (const [, { image }] of services) expect(image).toMatch(/:(?!latest$)[\w.-]+$/)
  })

  test('the data of the hub lies on a volume, the rest of it cannot be written', () => {
    expect(hub.volumes).toContain(`hub:${config.dataDir}`)
    expect(hub.read_only).toBe(true)
    expect(hub.cap_drop).toEqual(['ALL'])
  })

  test('the hub writes to the InfluxDB beside it, with its credentials', () => {
    const { address, managed } = parseInfluxUrl(config.seriesUrl)
    const influx = filled(influxdb.environment)
    expect(managed).toBe(true)
    expect(address).toEqual({
      tls: false,
      host: 'influxdb',
      port: 8086,
      database: influx['INFLUXDB_DB'],
      username: influx['INFLUXDB_ADMIN_USER'],
      password: influx['INFLUXDB_ADMIN_PASSWORD'],
    })
    expect(influx['INFLUXDB_HTTP_AUTH_ENABLED']).toBe('true')
    expect(influxdb.ports).toEqual([])
  })

  test('Grafana reads the same database, and may only read', () => {
    const influx = filled(influxdb.environment)
    const seen = filled(grafana.environment)
    const [source] = parse(dataSourceYaml()).datasources
    expect(source.jsonData.dbName).toBe(influx['INFLUXDB_DB'])
    expect(Object.keys(seen)).toEqual(expect.arrayContaining([...dataSourceVariables]))
    expect(seen['INFLUX_URL']).toBe('http://influxdb:8086')
    expect(seen['INFLUX_USER']).toBe(influx['INFLUXDB_READ_USER'])
    expect(seen['INFLUX_PASSWORD']).toBe(influx['INFLUXDB_READ_USER_PASSWORD'])
    expect(seen['INFLUX_PASSWORD']).not.toBe(influx['INFLUXDB_ADMIN_PASSWORD'])
  })

  test('Grafana finds its provisioning and its first page', () => {
    const provisioning = './dashboards/generated/provisioning'
    const dashboards = './dashboards/generated/dashboards'
    expect(grafana.volumes).toContain(`${provisioning}:${grafanaFolders.provisioning}:ro`)
    expect(grafana.volumes).toContain(`${dashboards}:${grafanaFolders.dashboards}:ro`)
    expect(parse(providerYaml()).providers[0].options.path).toBe(grafanaFolders.dashboards)
    const home = grafana.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? ''
    expect(existsSync(join(root, home.replace(grafanaFolders.dashboards, dashboards)))).toBe(true)
  })

  test('every variable is explained in docs/configuration.md', () => {
    const page = textOf('docs/configuration.md')
    for (const { name } of composeVariables(composeText())) expect(page).toContain(`\`${name}\``)
  })
})

describe('Dockerfile', () => {
  test('copies what is there, and all that the hub needs to run', () => {
    const copied = of('COPY').filter((rest) => !rest.startsWith('--from='))
    const sources = copied.flatMap((rest) => rest.split(/\s+/).slice(0, -1))
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true)
    const stage = of('COPY').slice(-5).join(' ')
    for (const needed of ['node_modules', 'src', 'broker', 'agents', 'package.json', 'LICENSE']) {
      expect(stage).toContain(needed)
    }
  })

  test('installs what the lock file says and builds the console with a script that exists', () => {
    const { scripts } = JSON.parse(textOf('package.json'))
    const ran = of('RUN').join(' && ')
    expect(ran).toMatch(/\bnpm ci\b/)
    for (const [, script = ''] of ran.matchAll(/npm run (\S+)/g)) {
      expect(scripts).toHaveProperty(script)
    }
  })

  test('brings what the Node of the project is linked against, in each stage', () => {
    const stages = textOf('Dockerfile')
      .split(/^FROM /m)
      .slice(1)
    expect(stages).toHaveLength(2)
    for (const stage of stages) expect(stage).toContain('libatomic1')
  })

  test('runs as an ordinary user who owns the data folder', () => {
    expect(of('USER')).toEqual(['ansang'])
    expect(instructions.findLastIndex(({ word }) => word === 'USER')).toBeGreaterThan(
      instructions.findLastIndex(({ word }) => word === 'COPY'),
    )
    expect(of('VOLUME')).toEqual([config.dataDir])
    expect(of('RUN').join()).toContain(
      `--owner=ansang --group=ansang --mode=0700 ${config.dataDir}`,
    )
  })

  test('exposes the ports it listens on and asks /readyz whether it is well', () => {
    expect(of('EXPOSE')).toEqual([`${config.http.port} ${config.mqtt.port}`])
    expect(of('HEALTHCHECK').join()).toContain('/readyz')
    const [, command = ''] = (of('HEALTHCHECK')[0] ?? '').split('CMD ')
    expect(JSON.parse(command)[0]).toBe('node')
  })

  test('starts what npm start starts', () => {
    const { scripts } = JSON.parse(textOf('package.json'))
    expect(JSON.parse(of('CMD')[0] ?? '').join(' ')).toBe(scripts.start)
  })

  test('leaves secrets, data and the machine’s own packages out of the image', () => {
    const ignored = textOf('.dockerignore').split('\n')
    for (const name of ['.env', 'data', 'node_modules', '.git']) expect(ignored).toContain(name)
  })
})
