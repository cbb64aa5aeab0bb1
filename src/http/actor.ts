import type { Permission } from '../contract/api/access.ts'

/** Where a permission holds: everywhere, or inside these areas (with all below) and contracts. */
export type Scope =
  | { everywhere: true }
  | { everywhere: false; areas: readonly string[]; contracts: readonly string[] }

/** Who asks, and what they may do where. Made by the access room for each request. */
export type Actor = {
  userId: string
  username: string
  /** The session or token behind the request, for signing out and audit. */
  via: { kind: 'session'; id: string } | { kind: 'token'; id: string }
  may: (permission: Permission) => boolean
  /** Throws nothing: an actor without the permission gets the empty scope. */
  scope: (permission: Permission) => Scope
}

export const nowhere: Scope = { everywhere: false, areas: [], contracts: [] }
