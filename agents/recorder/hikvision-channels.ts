import { children, decimal, flag, text, type XmlNode } from './isapi-xml.ts'

/** Channels of ISAPI: IP cameras behind an NVR and analog inputs of a DVR. Pure. */
export type ProxyChannel = {
  id: number
  /** `undefined` when the device does not say: never guessed from an address. */
  online: boolean | undefined
  /** The slot holds no camera. */
  empty: boolean
  /** `chanDetectResult`: the recorder's own reason. */
  raw?: string
}

export type VideoInput = {
  id: number
  name?: string
  /** `undefined` when the device does not say. */
  signal: boolean | undefined
  raw?: string
}

export type ChannelName = { id: number; label?: string }

const noAddress = /^(0\.0\.0\.0|::0?)$/

function listOf(node: XmlNode, list: string, item: string): unknown[] | undefined {
  const name = node.name.toLowerCase()
  if (name === list.toLowerCase()) return children(node.value, item)
  return name === item.toLowerCase() ? [node.value] : undefined
}

function idOf(value: unknown): number | undefined {
  const id = decimal(value, 'id')
  return id !== undefined && Number.isInteger(id) && id >= 0 && id < 10_000 ? id : undefined
}

function withId<T>(items: unknown[], make: (item: unknown, id: number) => T): T[] {
  return items.flatMap((item) => {
    const id = idOf(item)
    return id === undefined ? [] : [make(item, id)]
  })
}

const isEmptySlot = (item: unknown, raw: string | undefined): boolean =>
  /^notExist$/i.test(raw ?? '') ||
  noAddress.test(text(item, 'sourceInputPortDescriptor', 'ipAddress') ?? '')

/** `GET …/InputProxy/channels/status`, or one `…/channels/{id}/status`. */
export function parseProxyStatus(node: XmlNode): ProxyChannel[] | undefined {
  const items = listOf(node, 'InputProxyChannelStatusList', 'InputProxyChannelStatus')
  return (
    items &&
    withId(items, (item, id) => {
      const raw = text(item, 'chanDetectResult')
      const online = flag(item, 'online')
      const empty = isEmptySlot(item, raw)
      return { id, online, empty, ...(raw === undefined ? {} : { raw }) }
    })
  )
}

/** `GET …/InputProxy/channels`: configured slots and their names. */
export function parseProxyNames(node: XmlNode): ChannelName[] | undefined {
  const items = listOf(node, 'InputProxyChannelList', 'InputProxyChannel')
  return (
    items &&
    withId(items, (item, id) => {
      const label = text(item, 'name')
      return { id, ...(label === undefined ? {} : { label: label.slice(0, 120) }) }
    })
  )
}

/** `GET /ISAPI/System/Video/inputs/channels`: `resDesc` is `NO VIDEO` without a signal. */
export function parseVideoInputs(node: XmlNode): VideoInput[] | undefined {
  const items = listOf(node, 'VideoInputChannelList', 'VideoInputChannel')
  return (
    items &&
    withId(items, (item, id) => {
      const raw = text(item, 'resDesc')
      const name = text(item, 'name')
      return {
        id,
        signal: raw === undefined ? undefined : !/^NO VIDEO$/i.test(raw),
        ...(raw === undefined ? {} : { raw }),
        ...(name === undefined ? {} : { name: name.slice(0, 120) }),
      }
    })
  )
}
