import { z } from 'zod'
import { Segment } from '../wire/plan.ts'
import { Id, IsoInstant, Label, PageQuery, Severity } from './common.ts'

export const alertStates = ['open', 'acknowledged', 'resolved'] as const
export const AlertState = z.enum(alertStates)
export type AlertState = z.infer<typeof AlertState>

/** One fault of one part of one asset, from its start to its end. */
export const Alert = z
  .object({
    id: Id,
    assetId: Id,
    assetName: z.string(),
    assetKind: z.string(),
    areaId: Id,
    areaName: z.string(),
    part: z.string(),
    code: z.string(),
    severity: Severity,
    state: AlertState,
    since: IsoInstant,
    openedAt: IsoInstant,
    acknowledgedAt: IsoInstant.nullable(),
    acknowledgedBy: z.string().nullable(),
    resolvedAt: IsoInstant.nullable(),
    reopened: z.int(),
    /** The alert this one is a consequence of. */
    causeId: Id.nullable(),
    children: z.int(),
    raw: z.string().nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: 'Alert' })
export type Alert = z.infer<typeof Alert>

export const AlertQuery = PageQuery.extend({
  state: z.enum(['active', 'open', 'acknowledged', 'resolved', 'all']).default('active'),
  areaId: Id.optional(),
  assetId: Id.optional(),
  severity: Severity.optional(),
  /** By default only causes are listed; consequences stand under them. */
  withChildren: z.stringbool().default(false),
  causeId: Id.optional(),
})

export const AlertAction = z.object({ note: z.string().trim().max(500).optional() })

export const AlertHistoryEntry = z.object({
  at: IsoInstant,
  what: z.enum([
    'opened',
    'severity',
    'acknowledged',
    'resolved',
    'reopened',
    'attached',
    'detached',
  ]),
  by: z.string().nullable(),
  note: z.string().nullable(),
})
export const AlertDetail = Alert.extend({ history: z.array(AlertHistoryEntry) }).meta({
  id: 'AlertDetail',
})

/** One weekly program per area; the nearest area with a program wins for a cabinet. */
export const LightingProgram = z
  .object({
    areaId: Id,
    name: Label,
    version: z.int(),
    weekly: z.array(
      z.object({
        /** ISO weekdays of the evening, 1 = Monday. */
        weekdays: z.array(z.int().min(1).max(7)).min(1).max(7),
        segments: z.array(Segment).max(20),
      }),
    ),
    updatedAt: IsoInstant,
    updatedBy: z.string().nullable(),
  })
  .meta({ id: 'LightingProgram' })
export type LightingProgram = z.infer<typeof LightingProgram>

export const PutLightingProgram = LightingProgram.pick({ name: true, weekly: true }).extend({
  /** The version the scheduler looked at; refused when someone else published since. */
  expectedVersion: z.int().nonnegative(),
})

export const NightPreview = z
  .object({
    nights: z.array(
      z.object({
        date: z.iso.date(),
        sunset: IsoInstant.nullable(),
        sunrise: IsoInstant.nullable(),
        transitions: z.array(z.object({ at: IsoInstant, level: z.int() })),
        minutesLit: z.number(),
      }),
    ),
  })
  .meta({ id: 'NightPreview' })

export const LightingRollout = z
  .object({
    areaId: Id,
    cabinets: z.int(),
    published: z.int(),
    running: z.int(),
    waiting: z.int(),
    refused: z.array(z.object({ agentId: Id, unit: z.string(), reason: z.string() })),
  })
  .meta({ id: 'LightingRollout' })

/** Working time: weekly segments that may cross midnight, dates that add or remove time. */
export const SlaCalendar = z
  .object({
    id: Id,
    name: Label,
    timeZone: z.string(),
    weekly: z.array(
      z.object({
        weekday: z.int().min(1).max(7),
        from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
        /** `24:00` is the end of the day; at or before `from` means the next day. */
        to: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/),
      }),
    ),
    /** A date named here uses these segments instead of its weekday's; none = holiday. */
    dates: z.array(
      z.object({
        date: z.iso.date(),
        name: z.string().max(80).default(''),
        segments: z.array(
          z.object({
            from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
            to: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/),
          }),
        ),
      }),
    ),
    version: z.int(),
  })
  .meta({ id: 'SlaCalendar' })
export type SlaCalendar = z.infer<typeof SlaCalendar>

export const SlaTarget = z.object({
  severity: Severity,
  responseMin: z.int().min(1).max(100_000),
  resolutionMin: z.int().min(1).max(1_000_000),
})
export const SlaPolicy = z
  .object({
    id: Id,
    name: Label,
    calendarId: Id,
    targets: z.array(SlaTarget).min(1),
    version: z.int(),
  })
  .meta({ id: 'SlaPolicy' })
export type SlaPolicy = z.infer<typeof SlaPolicy>

const Counted = z.object({
  met: z.int(),
  breached: z.int(),
  running: z.int(),
  /** met / (met + breached), null when nothing is decided. */
  percent: z.number().nullable(),
})

/** Compliance of one area (with all below it) in one month. */
export const SlaCompliance = z
  .object({
    areaId: Id,
    areaName: z.string(),
    month: z.string().regex(/^\d{4}-\d{2}$/),
    alerts: z.int(),
    response: Counted,
    resolution: Counted,
    /** Every percentage stands beside its base. */
    assetsMonitored: z.int(),
    assetsRegistered: z.int(),
  })
  .meta({ id: 'SlaCompliance' })

export const SlaQuery = z.object({
  month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  areaId: Id.optional(),
})

export const SlaClocks = z
  .object({
    alertId: Id,
    assetName: z.string(),
    severity: Severity,
    openedAt: IsoInstant,
    response: z.object({
      dueAt: IsoInstant,
      doneAt: IsoInstant.nullable(),
      state: z.enum(['running', 'met', 'breached']),
      usedMin: z.number(),
    }),
    resolution: z.object({
      dueAt: IsoInstant,
      doneAt: IsoInstant.nullable(),
      state: z.enum(['running', 'met', 'breached']),
      usedMin: z.number(),
    }),
  })
  .meta({ id: 'SlaClocks' })

export const targetKinds = ['webhook', 'email'] as const
export const NewNotifyTarget = z.object({
  name: Label,
  kind: z.enum(targetKinds),
  /** https URL, or an e-mail address. */
  address: z.string().max(300),
  areaId: Id.nullable().default(null),
  minSeverity: Severity.default('high'),
  language: z.enum(['vi', 'en']).default('vi'),
})
export const NotifyTarget = NewNotifyTarget.extend({
  id: Id,
  enabled: z.boolean(),
  /** Shown once, when the target is made: key of the webhook's HMAC-SHA256 signature. */
  signingSecret: z.string().optional(),
}).meta({ id: 'NotifyTarget' })

export const Delivery = z
  .object({
    id: Id,
    targetId: Id,
    eventSeq: z.int(),
    kind: z.string(),
    alertId: Id,
    state: z.enum(['waiting', 'sent', 'failed', 'skipped']),
    attempts: z.int(),
    lastError: z.string().nullable(),
    createdAt: IsoInstant,
    sentAt: IsoInstant.nullable(),
  })
  .meta({ id: 'Delivery' })

export const SeriesQuery = z.object({
  from: IsoInstant,
  to: IsoInstant,
  measurement: z.string().max(32),
  fields: z.string().max(200),
  part: z.string().max(32).optional(),
  everyMs: z.coerce.number().int().min(1000).max(86_400_000).optional(),
  aggregate: z.enum(['mean', 'min', 'max', 'last']).optional(),
})
export const SeriesAnswer = z
  .object({
    rows: z.array(
      z.object({
        at: IsoInstant,
        part: z.string(),
        values: z.record(z.string(), z.number().nullable()),
      }),
    ),
  })
  .meta({ id: 'SeriesAnswer' })

/** Counts of one area with all below it, for the overview. */
export const AreaSummary = z
  .object({
    areaId: Id,
    name: z.string(),
    kind: z.string(),
    parentId: Id.nullable(),
    cameras: z.object({
      registered: z.int(),
      monitored: z.int(),
      online: z.int(),
      unknown: z.int(),
    }),
    cabinets: z.object({ registered: z.int(), lit: z.int(), dark: z.int(), dayBurning: z.int() }),
    openAlerts: z.object({ critical: z.int(), high: z.int(), medium: z.int(), low: z.int() }),
  })
  .meta({ id: 'AreaSummary' })
export type AreaSummary = z.infer<typeof AreaSummary>

/** Live stream (SSE): `event` is the kind, `id` is `lineage:seq`, data is this. */
export const LiveEvent = z
  .object({
    kind: z.string(),
    subject: z.string(),
    at: IsoInstant,
    areaId: Id.nullable(),
    data: z.record(z.string(), z.json()),
  })
  .meta({ id: 'LiveEvent' })

export const HubStatus = z
  .object({
    version: z.string(),
    startedAt: IsoInstant,
    now: IsoInstant,
    parts: z.array(
      z.object({
        name: z.string(),
        state: z.enum(['ok', 'degraded', 'down']),
        reason: z.string().nullable(),
      }),
    ),
    agentsConnected: z.int(),
  })
  .meta({ id: 'HubStatus' })
