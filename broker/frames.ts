/** Where a byte stream stands between MQTT packets; one plain object per connection. */
export type FrameState = {
  /** Packets whose header has been read. */
  frames: number
  /** Bytes of the current packet's body still to come. */
  left: number
  /** Inside the fixed header: the length so far and the weight of its next byte. */
  inHeader: boolean
  length: number
  weight: number
}

export type FrameFault = 'not-mqtt' | 'frame-too-large' | 'bad-length'

export const newFrameState = (): FrameState => ({
  frames: 0,
  left: 0,
  inHeader: false,
  length: 0,
  weight: 1,
})

/** True between the first and the last byte of a packet. */
export const isMidFrame = (state: FrameState): boolean => state.inHeader || state.left > 0

/** The fourth length byte is the last one [MQTT-2.2.3]. */
const lastWeight = 128 ** 3

/** Exactly: a CONNECT has no flags, and a TLS handshake begins with 0x16. */
const isConnect = (header: number): boolean => header === 0x10

/**
 * Walks over the packets of a chunk without looking into them and says what is wrong with the
 * first bad one. The parser behind knows no limit but MQTT's own 256 MB and buffers a packet
 * before anyone is authenticated, so the length is judged here, on the header alone.
 */
export function scanFrames(
  state: FrameState,
  chunk: Uint8Array,
  limits: { maxConnectBytes: number; maxPacketBytes: number },
): FrameFault | undefined {
  let at = 0
  while (at < chunk.length) {
    if (state.left > 0) {
      const skipped = Math.min(state.left, chunk.length - at)
      state.left -= skipped
      at += skipped
      continue
    }
    const fault = scanHeaderByte(state, chunk[at] ?? 0, limits)
    if (fault) return fault
    at += 1
  }
  return undefined
}

function scanHeaderByte(
  state: FrameState,
  byte: number,
  limits: { maxConnectBytes: number; maxPacketBytes: number },
): FrameFault | undefined {
  if (!state.inHeader) {
    if (state.frames === 0 && !isConnect(byte)) return 'not-mqtt'
    state.inHeader = true
    state.length = 0
    state.weight = 1
    return undefined
  }
  state.length += (byte & 0x7f) * state.weight
  if (byte & 0x80) {
    if (state.weight >= lastWeight) return 'bad-length'
    state.weight *= 128
    return undefined
  }
  const largest = state.frames === 0 ? limits.maxConnectBytes : limits.maxPacketBytes
  if (state.length > largest) return 'frame-too-large'
  state.frames += 1
  state.inHeader = false
  state.left = state.length
  return undefined
}
