import { minutes } from '../core/clock.ts'
import type { FaultCode } from '../faults/catalogue.ts'

/** An open alert as correlation sees it: what it is on and what that hangs on. */
export type Candidate = {
  id: string
  code: string
  assetId: string
  parentId: string | null
  agentId: string
  siteId: string | null
  since: number
  causeId: string | null
}

type Link = 'asset' | 'parent' | 'agent' | 'site'

/**
 * Which fault explains which other, and through what they must be joined. Earlier rows explain
 * more, so a whole site without mains stands over a silent recorder.
 */
const explains: { cause: FaultCode; link: Link; children: readonly FaultCode[] }[] = [
  {
    cause: 'ups-on-battery',
    link: 'site',
    children: ['agent-silent', 'recorder-unreachable', 'channel-offline', 'meter-unreachable'],
  },
  {
    cause: 'agent-silent',
    link: 'agent',
    children: [
      'recorder-unreachable',
      'channel-offline',
      'disk-fault',
      'ups-unmonitored',
      'meter-unreachable',
    ],
  },
  { cause: 'recorder-unreachable', link: 'parent', children: ['channel-offline'] },
  {
    cause: 'recorder-unreachable',
    link: 'asset',
    children: ['disk-fault', 'credentials-rejected'],
  },
  { cause: 'meter-unreachable', link: 'parent', children: ['lights-not-burning', 'day-burning'] },
]

/** A consequence cannot be much older than its cause: holds differ, and clocks a little. */
const aheadMs = minutes(5)

function isJoined(link: Link, child: Candidate, cause: Candidate): boolean {
  if (link === 'asset') return child.assetId === cause.assetId
  if (link === 'parent') return child.parentId === cause.assetId
  if (link === 'agent') return child.agentId === cause.agentId
  return child.siteId !== null && child.siteId === cause.siteId
}

/**
 * The open alert that explains this one; undefined when it stands for itself. Pure. Causes do not
 * explain each other in circles: the first row that fits wins, and a cause's own cause stays above it.
 */
export const causeOf = (child: Candidate, open: readonly Candidate[]): string | undefined =>
  findCause(child, causesAmong(open))

type Causes = Map<string, Candidate[]>
/** The codes that explain others. */
export const causeCodes: readonly string[] = [...new Set(explains.map((row) => row.cause))]

/** Few alerts explain others; only they are looked through for each child, the oldest first. */
const causesAmong = (open: readonly Candidate[]): Causes =>
  Map.groupBy(
    open
      .filter((one) => causeCodes.includes(one.code))
      .toSorted((a, b) => Number(a.id > b.id) - Number(a.id < b.id)),
    (one) => one.code,
  )

function findCause(child: Candidate, causes: Causes): string | undefined {
  for (const { cause, link, children } of explains) {
    if (!children.some((code) => code === child.code)) continue
    const found = causes
      .get(cause)
      ?.find(
        (one) =>
          one.id !== child.id && isJoined(link, child, one) && child.since >= one.since - aheadMs,
      )
    if (found) return found.id
  }
  return undefined
}

/**
 * The alerts of a neighbourhood whose cause is another one now. Pure. `beyond` are open alerts
 * outside of it that may explain what is inside: without them a cause further away would be lost.
 */
export function recorrelate(
  open: readonly Candidate[],
  beyond: readonly Candidate[] = [],
): { id: string; causeId: string | null }[] {
  const causes = causesAmong([...open, ...beyond])
  return open.flatMap((one) => {
    const causeId = findCause(one, causes) ?? null
    return causeId === one.causeId ? [] : [{ id: one.id, causeId }]
  })
}
