import { Card, Text } from '@mantine/core'
import { Link, useNavigate } from 'react-router'
import { useAreas, usePrograms } from '../api/queries.ts'
import { AreaSelect } from '../parts/area-select.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { Age } from '../parts/moment.tsx'
import { Page, Section } from '../parts/page.tsx'
import { useSpeech } from '../words/language.tsx'

/** The programs there are, and the way to every area's own. */
export function LightingPage() {
  const { words, format } = useSpeech()
  const programs = usePrograms()
  const areas = useAreas()
  const navigate = useNavigate()
  const areaName = (id: string) => areas.data?.find((area) => area.id === id)?.name ?? id
  const text = words.lighting
  return (
    <Page title={text.title}>
      <div style={{ maxWidth: 420 }}>
        <AreaSelect
          value={null}
          onChange={(areaId) => areaId !== null && void navigate(`/lighting/${areaId}`)}
          label={text.chooseArea}
        />
      </div>
      <Section title={text.programs}>
        <Loaded query={programs}>
          {(found) =>
            found.length === 0 ? (
              <Card>
                <Empty text={text.noPrograms} hint={text.noProgramsHint} />
              </Card>
            ) : (
              <ul className="rows">
                {found.map((program) => (
                  <li key={program.areaId}>
                    <Link className="row-link" to={`/lighting/${program.areaId}`}>
                      <div className="row-main">
                        <Text fw={600}>{areaName(program.areaId)}</Text>
                        <Text size="sm">{program.name}</Text>
                      </div>
                      <Text size="sm" className="dim">
                        {text.version(format.count(program.version))} ·{' '}
                        {program.updatedBy !== null && `${text.publishedBy(program.updatedBy)} · `}
                        <Age at={program.updatedAt} />
                      </Text>
                    </Link>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
    </Page>
  )
}
