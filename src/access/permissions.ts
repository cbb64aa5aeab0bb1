import { type Grant, type Permission, rolePermissions } from '../contract/api/access.ts'
import { nowhere, type Scope } from '../http/actor.ts'

/** Grants that carry the permission. */
const carrying = (grants: readonly Grant[], permission: Permission): Grant[] =>
  grants.filter((grant) => rolePermissions[grant.role].includes(permission))

/** Does any grant carry the permission, wherever? */
export const may = (grants: readonly Grant[], permission: Permission): boolean =>
  carrying(grants, permission).length > 0

/**
 * Where the permission holds: the union of the grants that carry it. A grant without area and
 * contract holds everywhere. Pure; the tree below an area is the query's work.
 */
export function scopeOf(grants: readonly Grant[], permission: Permission): Scope {
  const relevant = carrying(grants, permission)
  if (relevant.length === 0) return nowhere
  if (relevant.some((grant) => grant.areaId === null && grant.contractId === null)) {
    return { everywhere: true }
  }
  return {
    everywhere: false,
    areas: relevant.flatMap((grant) => (grant.areaId === null ? [] : [grant.areaId])),
    contracts: relevant.flatMap((grant) => (grant.contractId === null ? [] : [grant.contractId])),
  }
}

/** Every permission the grants carry somewhere, for the console's menus. */
export const permissionsOf = (grants: readonly Grant[]): Permission[] => [
  ...new Set(grants.flatMap((grant) => rolePermissions[grant.role])),
]
