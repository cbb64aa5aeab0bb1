import { z } from 'zod'
import { Id, IsoInstant, Label } from './common.ts'

export const roles = ['technician', 'officer', 'scheduler', 'manager', 'viewer', 'admin'] as const
export const Role = z.enum(roles)
export type Role = z.infer<typeof Role>

export const permissions = [
  'area:read',
  'area:write',
  'asset:read',
  'asset:write',
  'agent:read',
  'agent:write',
  'alert:read',
  'alert:ack',
  'alert:resolve',
  'lighting:read',
  'lighting:write',
  'sla:read',
  'sla:write',
  'notify:read',
  'notify:write',
  'user:read',
  'user:write',
  'audit:read',
  'system:read',
] as const
export const Permission = z.enum(permissions)
export type Permission = z.infer<typeof Permission>

/**
 * What each role may do, inside its scope. The one permission table; the console hides what it
 * does not grant, the hub refuses it.
 */
export const rolePermissions: Record<Role, readonly Permission[]> = {
  viewer: ['area:read', 'asset:read', 'alert:read', 'lighting:read'],
  technician: ['area:read', 'asset:read', 'agent:read', 'alert:read', 'alert:ack', 'lighting:read'],
  officer: ['area:read', 'asset:read', 'alert:read', 'alert:ack', 'alert:resolve', 'lighting:read'],
  scheduler: ['area:read', 'asset:read', 'alert:read', 'lighting:read', 'lighting:write'],
  manager: [
    'area:read',
    'asset:read',
    'agent:read',
    'alert:read',
    'alert:ack',
    'alert:resolve',
    'lighting:read',
    'sla:read',
    'notify:read',
    'audit:read',
  ],
  admin: permissions,
}

/** A role held for an area (and all below it) or for a contract; neither means everywhere. */
export const Grant = z.object({
  role: Role,
  areaId: Id.nullable(),
  contractId: Id.nullable(),
})
export type Grant = z.infer<typeof Grant>

export const Username = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,39}$/)
export const Password = z.string().min(10).max(200)

export const SignIn = z.object({ username: z.string().max(100), password: z.string().max(500) })

export const Session = z
  .object({
    user: z.object({
      id: Id,
      username: Username,
      name: z.string(),
      language: z.enum(['vi', 'en']),
    }),
    grants: z.array(Grant),
    permissions: z.array(Permission),
    csrf: z.string(),
    mustChangePassword: z.boolean(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const User = z
  .object({
    id: Id,
    username: Username,
    name: Label,
    disabled: z.boolean(),
    language: z.enum(['vi', 'en']),
    grants: z.array(Grant),
    createdAt: IsoInstant,
  })
  .meta({ id: 'User' })

export const NewUser = z.object({
  username: Username,
  name: Label,
  password: Password,
  language: z.enum(['vi', 'en']).default('vi'),
  grants: z.array(Grant).max(50),
})

export const UserChange = z.object({
  name: Label.optional(),
  disabled: z.boolean().optional(),
  language: z.enum(['vi', 'en']).optional(),
  password: Password.optional(),
  grants: z.array(Grant).max(50).optional(),
})

export const OwnPasswordChange = z.object({ current: z.string().max(500), next: Password })

export const ApiToken = z
  .object({
    id: Id,
    name: Label,
    createdAt: IsoInstant,
    expiresAt: IsoInstant.nullable(),
    lastUsedAt: IsoInstant.nullable(),
  })
  .meta({ id: 'ApiToken' })

export const NewApiToken = z.object({ name: Label, expiresAt: IsoInstant.nullable().default(null) })

export const AuditEntry = z
  .object({
    id: Id,
    at: IsoInstant,
    userId: Id.nullable(),
    username: z.string().nullable(),
    action: z.string(),
    subject: z.string(),
    detail: z.json(),
  })
  .meta({ id: 'AuditEntry' })
