import {
  IconBatteryCharging2,
  IconBulb,
  IconDeviceCctv,
  IconRoad,
  IconRouter,
  IconServer,
  IconSettingsBolt,
} from '@tabler/icons-react'

const icons: Record<string, typeof IconBulb> = {
  camera: IconDeviceCctv,
  recorder: IconServer,
  ups: IconBatteryCharging2,
  cabinet: IconSettingsBolt,
  circuit: IconBulb,
  line: IconRoad,
  agent: IconRouter,
}

export function DeviceIcon({ kind, size = 20 }: { kind: string; size?: number }) {
  const Icon = icons[kind] ?? IconBulb
  return <Icon aria-hidden size={size} style={{ flexShrink: 0 }} />
}
