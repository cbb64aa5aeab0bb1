import type { Migration } from '../db/migrate.ts'

export type AccessTables = {
  users: {
    id: string
    username: string
    name: string
    passwordHash: string
    language: string
    disabled: number
    mustChangePassword: number
    createdAt: number
  }
  roleGrants: {
    id: string
    userId: string
    role: string
    areaId: string | null
    contractId: string | null
  }
  sessions: {
    /** Hash of the cookie; the cookie itself is known to the browser only. */
    id: string
    userId: string
    csrf: string
    createdAt: number
    seenAt: number
    expiresAt: number
  }
  apiTokens: {
    id: string
    userId: string
    name: string
    tokenHash: string
    createdAt: number
    expiresAt: number | null
    lastUsedAt: number | null
    revokedAt: number | null
  }
  audit: {
    id: string
    at: number
    userId: string | null
    username: string | null
    action: string
    subject: string
    detail: string
  }
}

export const accessMigrations: Migration[] = [
  {
    id: 'access.1',
    up: async (tx) => {
      await tx.schema
        .createTable('users')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('username', 'text', (c) => c.notNull().unique())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('password_hash', 'text', (c) => c.notNull())
        .addColumn('language', 'text', (c) => c.notNull())
        .addColumn('disabled', 'integer', (c) => c.notNull())
        .addColumn('must_change_password', 'integer', (c) => c.notNull())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .execute()
      await tx.schema
        .createTable('role_grants')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
        .addColumn('role', 'text', (c) => c.notNull())
        .addColumn('area_id', 'text', (c) => c.references('areas.id'))
        .addColumn('contract_id', 'text')
        .execute()
      await tx.schema.createIndex('role_grants_user').on('role_grants').column('user_id').execute()
      await tx.schema
        .createTable('sessions')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
        .addColumn('csrf', 'text', (c) => c.notNull())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .addColumn('seen_at', 'bigint', (c) => c.notNull())
        .addColumn('expires_at', 'bigint', (c) => c.notNull())
        .execute()
      await tx.schema.createIndex('sessions_user').on('sessions').column('user_id').execute()
      await tx.schema
        .createTable('api_tokens')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('token_hash', 'text', (c) => c.notNull().unique())
        .addColumn('created_at', 'bigint', (c) => c.notNull())
        .addColumn('expires_at', 'bigint')
        .addColumn('last_used_at', 'bigint')
        .addColumn('revoked_at', 'bigint')
        .execute()
      await tx.schema
        .createTable('audit')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('user_id', 'text')
        .addColumn('username', 'text')
        .addColumn('action', 'text', (c) => c.notNull())
        .addColumn('subject', 'text', (c) => c.notNull())
        .addColumn('detail', 'text', (c) => c.notNull())
        .execute()
    },
  },
]
