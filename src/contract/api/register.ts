import { z } from 'zod'
import { PartName, UnitKind, UnitName } from '../wire/common.ts'
import { Id, IsoInstant, Label, PageQuery, Severity } from './common.ts'

export const areaKinds = ['province', 'commune', 'ward', 'zone', 'hamlet', 'group'] as const

/** One area as it is today. `path` runs from the root to the area itself. */
export const Area = z
  .object({
    id: Id,
    code: z.string(),
    name: z.string(),
    kind: z.enum(areaKinds),
    parentId: Id.nullable(),
    depth: z.int(),
  })
  .meta({ id: 'Area' })
export type Area = z.infer<typeof Area>

export const NewArea = z.object({
  code: z.string().trim().min(1).max(40),
  name: Label,
  kind: z.enum(areaKinds),
  parentId: Id.nullable(),
})
export const AreaChange = z.object({
  name: Label.optional(),
  parentId: Id.nullable().optional(),
  kind: z.enum(areaKinds).optional(),
})

export const assetKinds = [
  'recorder',
  'camera',
  'ups',
  'cabinet',
  'circuit',
  'line',
  'agent',
] as const
export const AssetKind = z.enum(assetKinds)
export type AssetKind = z.infer<typeof AssetKind>

/** planned → commissioning → in service ⇄ suspended → retired. */
export const lifecycles = [
  'planned',
  'commissioning',
  'in-service',
  'suspended',
  'retired',
] as const
export const Lifecycle = z.enum(lifecycles)
export type Lifecycle = z.infer<typeof Lifecycle>

/** `ok` and `fault` are known; `unknown` is neither. */
export const Health = z.enum(['ok', 'fault', 'unknown'])
export type Health = z.infer<typeof Health>

export const Asset = z
  .object({
    id: Id,
    kind: AssetKind,
    name: z.string(),
    areaId: Id,
    areaName: z.string(),
    siteId: Id.nullable(),
    parentId: Id.nullable(),
    contractId: Id.nullable(),
    lifecycle: Lifecycle,
    lat: z.number().nullable(),
    lon: z.number().nullable(),
    critical: z.boolean(),
    health: Health,
    /** Why health is what it is: a fault code, or why it is unknown. */
    healthReason: z.string().nullable(),
    worstSeverity: Severity.nullable(),
    openAlerts: z.int(),
    reportedAt: IsoInstant.nullable(),
  })
  .meta({ id: 'Asset' })
export type Asset = z.infer<typeof Asset>

export const AssetPartState = z.object({
  part: z.string(),
  measurement: z.string(),
  at: IsoInstant,
  values: z.record(z.string(), z.number().nullable()),
  reasons: z.record(z.string(), z.string()),
})

export const AssetDetail = Asset.extend({
  parts: z.array(AssetPartState),
  children: z.array(z.object({ id: Id, kind: AssetKind, name: z.string(), health: Health })),
  equipment: z
    .object({
      id: Id,
      serial: z.string(),
      model: z.string().nullable(),
      supplier: z.string().nullable(),
      warrantyUntil: z.iso.date().nullable(),
      fittedAt: IsoInstant,
    })
    .nullable(),
  bindings: z.array(
    z.object({
      agentId: Id,
      unit: z.string(),
      part: z.string(),
      assetPart: z.string(),
      from: IsoInstant,
    }),
  ),
  /** For circuits and cabinets: what the plan wants now and why. */
  lighting: z
    .object({
      level: z.int(),
      program: z.string(),
      ruleId: z.string().nullable(),
      next: z.array(z.object({ at: IsoInstant, level: z.int() })),
      running: z.enum(['published', 'received', 'refused', 'none']),
      reason: z.string().nullable(),
    })
    .nullable(),
}).meta({ id: 'AssetDetail' })
export type AssetDetail = z.infer<typeof AssetDetail>

export const AssetQuery = PageQuery.extend({
  areaId: Id.optional(),
  kind: AssetKind.optional(),
  lifecycle: Lifecycle.optional(),
  health: Health.optional(),
  search: z.string().max(80).optional(),
  parentId: Id.optional(),
})

export const NewAsset = z.object({
  id: Id.optional(),
  kind: AssetKind.exclude(['agent']),
  name: Label,
  areaId: Id,
  siteId: Id.nullable().default(null),
  parentId: Id.nullable().default(null),
  contractId: Id.nullable().default(null),
  lifecycle: Lifecycle.default('commissioning'),
  lat: z.number().min(-90).max(90).nullable().default(null),
  lon: z.number().min(-180).max(180).nullable().default(null),
  critical: z.boolean().default(false),
})
export type NewAsset = z.infer<typeof NewAsset>

export const AssetChange = z.object({
  name: Label.optional(),
  areaId: Id.optional(),
  siteId: Id.nullable().optional(),
  contractId: Id.nullable().optional(),
  lat: z.number().min(-90).max(90).nullable().optional(),
  lon: z.number().min(-180).max(180).nullable().optional(),
  critical: z.boolean().optional(),
})

export const LifecycleStep = z.object({ to: Lifecycle, reason: z.string().max(300).default('') })

export const NewSite = z.object({
  name: Label,
  areaId: Id,
  lat: z.number().min(-90).max(90).nullable().default(null),
  lon: z.number().min(-180).max(180).nullable().default(null),
  feeder: z.string().max(80).nullable().default(null),
})
export const Site = NewSite.extend({ id: Id }).meta({ id: 'Site' })

export const NewBinding = z.object({
  agentId: Id,
  unit: UnitName,
  part: PartName.default(''),
  assetId: Id,
  assetPart: PartName.default(''),
  from: IsoInstant.optional(),
})

export const ownerKinds = [
  'commune-police',
  'agency',
  'enterprise',
  'school',
  'industrial-park',
  'household',
] as const
export const consentLevels = ['counted', 'contact-on-request', 'health-monitored'] as const

export const NewOwner = z.object({
  kind: z.enum(ownerKinds),
  name: Label,
  consent: z.enum(consentLevels),
  consentAt: IsoInstant.nullable().default(null),
  contact: z.string().max(200).nullable().default(null),
})

export const NewContract = z.object({
  code: z.string().trim().min(1).max(60),
  name: Label,
  contractor: Label,
  policyId: Id.nullable().default(null),
})
export const Contract = NewContract.extend({ id: Id }).meta({ id: 'Contract' })

export const NewEquipment = z.object({
  serial: z.string().trim().min(1).max(120),
  model: z.string().max(120).nullable().default(null),
  supplier: z.string().max(120).nullable().default(null),
  contractId: Id.nullable().default(null),
  priceVnd: z.int().nonnegative().nullable().default(null),
  funding: z.string().max(80).nullable().default(null),
  warrantyUntil: z.iso.date().nullable().default(null),
})
/** Fits a device in an asset; the one fitted before leaves at the same moment. */
export const FitEquipment = NewEquipment.extend({ at: IsoInstant.optional() })

export const agentStates = ['enrolled', 'revoked'] as const
export const Agent = z
  .object({
    id: Id,
    name: z.string(),
    areaId: Id,
    siteId: Id.nullable(),
    state: z.enum(agentStates),
    version: z.string().nullable(),
    connected: z.boolean(),
    lastSeenAt: IsoInstant.nullable(),
    clockTrust: z.enum(['trusted', 'holdover', 'untrusted']).nullable(),
    units: z.array(z.object({ unit: z.string(), kind: UnitKind, label: z.string().nullable() })),
    sections: z.array(
      z.object({
        section: z.string(),
        desiredVersion: z.int(),
        state: z.enum(['pending', 'accepted', 'refused']),
        reason: z.string().nullable(),
      }),
    ),
    createdAt: IsoInstant,
  })
  .meta({ id: 'Agent' })
export type Agent = z.infer<typeof Agent>

export const AgentQuery = PageQuery.extend({ areaId: Id.optional() })

/** A one-time code to enrol one agent; `uri` is what the QR carries. */
export const NewClaim = z.object({
  areaId: Id,
  siteId: Id.nullable().default(null),
  name: Label,
  agentId: z.string().optional(),
  validMinutes: z.int().min(1).max(43_200).default(1440),
})
export const Claim = z
  .object({ code: z.string(), uri: z.string(), expiresAt: IsoInstant })
  .meta({ id: 'Claim' })

export const Enrolment = z.object({
  claim: z.string().max(100),
  model: z.string().max(120).optional(),
  version: z.string().max(40).optional(),
})
export const Enrolled = z
  .object({
    agentId: Id,
    secret: z.string(),
    mqtt: z.object({ url: z.string() }),
  })
  .meta({ id: 'Enrolled' })

export const NewSecret = z.object({ secret: z.string() }).meta({ id: 'NewSecret' })
