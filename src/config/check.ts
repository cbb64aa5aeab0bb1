import type { SettingName, SettingValues } from './settings.ts'

type Found = { errors: string[]; warnings: string[] }

const loopback = /^(127\.|localhost$|\[?::1\]?$)/

const tlsFamilies = [
  { port: 'ANSANG_HTTPS_PORT', cert: 'ANSANG_HTTPS_CERT', key: 'ANSANG_HTTPS_KEY' },
  { port: 'ANSANG_MQTTS_PORT', cert: 'ANSANG_MQTTS_CERT', key: 'ANSANG_MQTTS_KEY' },
] as const

/** Settings that name a file the hub reads. */
export const fileSettings = [
  'ANSANG_HTTPS_CERT',
  'ANSANG_HTTPS_KEY',
  'ANSANG_MQTTS_CERT',
  'ANSANG_MQTTS_KEY',
  'ANSANG_MQTTS_CA',
] as const satisfies readonly SettingName[]

function pairErrors(values: SettingValues): string[] {
  return tlsFamilies.flatMap(({ port, cert, key }) => {
    const without = (given: SettingName, missing: SettingName) =>
      values[given] !== undefined && values[missing] === undefined
        ? [`${given} needs ${missing} as well`]
        : []
    return [...without(cert, key), ...without(key, cert), ...without(cert, port)]
  })
}

function caErrors(values: SettingValues): string[] {
  return values.ANSANG_MQTTS_CA !== undefined && values.ANSANG_MQTTS_PORT === undefined
    ? ['ANSANG_MQTTS_CA needs ANSANG_MQTTS_PORT as well']
    : []
}

function fileErrors(values: SettingValues, isReadable: (path: string) => boolean): string[] {
  return fileSettings.flatMap((name) => {
    const path = values[name]
    if (path === undefined || isReadable(path)) return []
    return [`${name}: the file ${path} is not there or may not be read`]
  })
}

/** Port 0 means "any free one" and clashes with nothing. */
function portErrors(values: SettingValues): string[] {
  const http = values.ANSANG_HTTP_HOST
  const mqtt = values.ANSANG_MQTT_HOST
  const listeners = [
    { name: 'ANSANG_HTTP_PORT', host: http, port: values.ANSANG_HTTP_PORT },
    { name: 'ANSANG_HTTPS_PORT', host: http, port: values.ANSANG_HTTPS_PORT },
    { name: 'ANSANG_MQTT_PORT', host: mqtt, port: values.ANSANG_MQTT_PORT },
    { name: 'ANSANG_MQTTS_PORT', host: mqtt, port: values.ANSANG_MQTTS_PORT },
  ].filter((one) => one.port !== undefined && one.port !== 0)
  const anywhere = (host: string) => host === '0.0.0.0' || host === '::'
  return listeners.flatMap((one, at) =>
    listeners
      .slice(at + 1)
      .filter((two) => two.port === one.port)
      .filter((two) => two.host === one.host || anywhere(one.host) || anywhere(two.host))
      .map((two) => `${one.name} and ${two.name} are both ${one.port}`),
  )
}

function exposureWarnings(values: SettingValues): string[] {
  const warnings: string[] = []
  const behindTls = values.ANSANG_PUBLIC_URL?.startsWith('https://') === true
  if (!loopback.test(values.ANSANG_HTTP_HOST) && !behindTls) {
    warnings.push(
      'passwords cross the network unprotected: ANSANG_HTTP_HOST is not loopback and ' +
        'ANSANG_PUBLIC_URL is not https://',
    )
  }
  if (!loopback.test(values.ANSANG_MQTT_HOST) && values.ANSANG_MQTTS_PORT === undefined) {
    warnings.push(
      'agent secrets cross the network unprotected: ANSANG_MQTT_HOST is not loopback and ' +
        'ANSANG_MQTTS_PORT is not set',
    )
  }
  return warnings
}

/** What the settings mean together: pairs, files, ports, and what is exposed without TLS. */
export function checkTogether(values: SettingValues, isReadable: (path: string) => boolean): Found {
  return {
    errors: [
      ...pairErrors(values),
      ...caErrors(values),
      ...fileErrors(values, isReadable),
      ...portErrors(values),
    ],
    warnings: exposureWarnings(values),
  }
}
