/** Where the container of docker-compose.yml mounts what is generated here. */
export const grafanaFolders = {
  provisioning: '/etc/grafana/provisioning',
  dashboards: '/etc/ansang/dashboards',
} as const

export const dataSourceUid = 'ansang-influx'

/** Variables that Grafana itself fills in from its environment. */
export const dataSourceVariables = ['INFLUX_URL', 'INFLUX_USER', 'INFLUX_PASSWORD'] as const

const note = '# Made by `npm run generate`; changes here are overwritten.\n'

export const dataSourceYaml = (): string => `${note}apiVersion: 1
datasources:
  - name: An Sang
    uid: ${dataSourceUid}
    type: influxdb
    access: proxy
    isDefault: true
    url: $INFLUX_URL
    user: $INFLUX_USER
    jsonData:
      dbName: ansang
      httpMode: POST
      timeInterval: 1m
    secureJsonData:
      password: $INFLUX_PASSWORD
`

export const providerYaml = (): string => `${note}apiVersion: 1
providers:
  - name: ansang
    folder: An Sang
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: ${grafanaFolders.dashboards}
`
