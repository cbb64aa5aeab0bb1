import { readFileSync } from 'node:fs'
import { parseXml, type XmlNode } from '../../agents/recorder/isapi-xml.ts'

/** A sample answer of a recorder or of upsd, as text. */
export const recorderFile = (path: string): string =>
  readFileSync(new URL(`./fixtures/recorders/${path}`, import.meta.url), 'utf8')

/** A sample ISAPI body as a tree. */
export function isapiFile(name: string): XmlNode {
  const node = parseXml(recorderFile(`hikvision/${name}.xml`))
  if (!node) throw new Error(`${name} is not XML`)
  return node
}
