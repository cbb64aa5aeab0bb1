import type { Clock } from '../core/clock.ts'
import { classifyWrite, refusedLines, type WriteAnswer } from './influx-answers.ts'
import type { InfluxHttp } from './influx-http.ts'
import { chunkLines, type Line, lineOf } from './line-protocol.ts'
import { type Point, type Refusal, StoreUnavailable, type WriteResult } from './series.ts'

export type InfluxWriter = {
  write: (points: Point[]) => Promise<WriteResult>
  /** Ready lines, in bounded requests; gives back what the server refused. */
  writeLines: (lines: Line[]) => Promise<Refusal[]>
  /** An empty write: asks for the address, the credentials and the database, and stores nothing. */
  probe: () => Promise<WriteAnswer>
}

/** Sends points in bounded requests, one after the other, and acts on every kind of answer. */
export function createInfluxWriter(options: {
  http: InfluxHttp
  path: string
  clock: Clock
  /** Makes the database and its policies; false when this hub does not manage the schema. */
  makeSchema: () => Promise<boolean>
}): InfluxWriter {
  const { http, path, clock, makeSchema } = options

  const post = async (lines: Line[]): Promise<WriteAnswer> => {
    const { status, body } = await http.post(path, lines.map(({ text }) => text).join('\n'))
    return classifyWrite(status, body)
  }
  const postWithSchema = async (lines: Line[]): Promise<WriteAnswer> => {
    const first = await post(lines)
    return first.kind === 'missing' && (await makeSchema()) ? await post(lines) : first
  }
  const send = async (lines: Line[]): Promise<Refusal[]> => {
    const answer = await postWithSchema(lines)
    switch (answer.kind) {
      case 'stored':
        return []
      case 'partial':
        return refusedLines(lines, answer, clock.now())
      case 'too-large':
        return sendHalves(lines)
      case 'missing':
        throw new StoreUnavailable('schema', answer.reason)
      case 'unavailable':
        throw new StoreUnavailable(answer.because, answer.reason)
    }
  }
  const sendHalves = async (lines: Line[]): Promise<Refusal[]> => {
    if (lines.length === 1) return lines.map(({ point }) => ({ point, reason: 'point too large' }))
    const middle = Math.ceil(lines.length / 2)
    return [...(await send(lines.slice(0, middle))), ...(await send(lines.slice(middle)))]
  }
  const writeLines = async (lines: Line[]): Promise<Refusal[]> => {
    const refused: Refusal[] = []
    for (const chunk of chunkLines(lines)) refused.push(...(await send(chunk)))
    return refused
  }
  return {
    writeLines,
    write: async (points) => {
      const lines: Line[] = []
      const refused: Refusal[] = []
      for (const point of points) {
        const line = lineOf(point)
        if ('text' in line) lines.push(line)
        else refused.push(line)
      }
      refused.push(...(await writeLines(lines)))
      return { stored: points.length - refused.length, refused }
    },
    probe: () => post([]),
  }
}
