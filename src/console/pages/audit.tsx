import { Stack, Text } from '@mantine/core'
import type { z } from 'zod'
import type { AuditEntry } from '../../contract/api/access.ts'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { More } from '../parts/more.tsx'
import { Page } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'
import { actionName } from '../words/look-up.ts'

type Entry = z.infer<typeof AuditEntry>

const isPlain = (detail: Entry['detail']): boolean =>
  detail === null || (typeof detail === 'object' && Object.keys(detail).length === 0)

/** Who did what, newest first. */
export function AuditPage() {
  const { words, format } = useSpeech()
  const entries = usePages<Entry>(keys.audit, '/api/v1/audit')
  return (
    <Page title={words.audit.title}>
      <Loaded query={entries}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={words.audit.empty} />
          ) : (
            <Stack gap="sm">
              <ul className="rows">
                {items.map((entry) => (
                  <li key={entry.id} className="row-link">
                    <div className="row-main">
                      <Text>
                        <b>{entry.username ?? words.audit.system}</b>{' '}
                        {actionName(words, entry.action)}{' '}
                        <span className="mono dim">{entry.subject}</span>
                      </Text>
                      {!isPlain(entry.detail) && (
                        <Text size="sm" className="mono dim clamp">
                          {JSON.stringify(entry.detail)}
                        </Text>
                      )}
                    </div>
                    <time dateTime={entry.at}>{format.instant(entry.at)}</time>
                  </li>
                ))}
              </ul>
              <More pages={entries} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  )
}
