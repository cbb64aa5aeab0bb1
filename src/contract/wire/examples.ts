/**
 * One golden example per channel, used by the tests, the AsyncAPI document and the docs. Examples
 * of a format stay for ever: a future hub must still read them.
 */
const envelope = (n: number) => ({
  id: ['0a1b2c3d4e5f', n] as [string, number],
  lane: 'live' as const,
  boot: '00c0ffee',
  mono: 61_000,
  at: '2026-11-24T18:45:00.000+07:00',
  trust: 'trusted' as const,
})

const hash = 'a3f1c0de'.repeat(8)

export const examples = {
  birth: {
    ...envelope(1),
    version: '0.1.0',
    plan: { format: 1 },
    rules: 1,
    capabilities: ['hikvision', 'nut'],
    inventory: [
      {
        unit: 'nvr1',
        kind: 'recorder' as const,
        label: 'Đầu ghi UBND xã',
        model: 'DS-7616NXI-I2',
        serial: 'DS-7616FAKE0001',
        firmware: 'V4.62.210',
        parts: [
          { part: 'ch:1', label: 'Ngã tư Chợ' },
          { part: 'disk:1', label: 'hdd1' },
        ],
      },
    ],
    held: { config: { version: 3, hash } },
  },
  telemetry: {
    ...envelope(2),
    samples: [
      {
        unit: 'nvr1',
        kind: 'recorder' as const,
        parts: {
          '': { reachable: 1, cpu: 17, mem: 26.9, uptime_s: 864123, drift_s: 0.4 },
          'ch:1': { online: 1, recording: null },
          'disk:1': { ok: 1, capacity_mb: 3815447, free_mb: 0 },
        },
        reasons: { 'ch:1/recording': 'not-asked' },
      },
    ],
  },
  conditions: {
    ...envelope(3),
    rules: 1,
    active: [
      {
        unit: 'nvr1',
        part: 'disk:2',
        code: 'disk-fault',
        since: '2026-11-24T18:31:00.000+07:00',
        severity: 'critical' as const,
        raw: 'error',
      },
    ],
    unknown: [{ unit: 'nvr1', part: 'ch:9' }],
  },
  reported: {
    ...envelope(4),
    sections: { plan: { version: 12, hash, state: 'accepted' as const } },
  },
  reply: { ...envelope(5), command: 'c-1', ok: false, error: 'not supported by this agent' },
  gone: { boot: '00c0ffee' },
  desired: {
    lineage: 'b7e0',
    sections: {
      config: { version: 4, hash, body: { telemetryEveryMs: 60_000 } },
    },
  },
  command: {
    id: 'c-1',
    expiresAt: '2026-11-24T19:00:00.000+07:00',
    name: 'probe',
    args: { unit: 'nvr1' },
  },
  time: { at: '2026-11-24T18:45:00.120+07:00', trust: 'trusted' as const },
}
