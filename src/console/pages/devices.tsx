import { Stack, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { Asset } from '../../contract/api/register.ts'
import { keys } from '../api/keys.ts'
import { usePages } from '../api/pages.ts'
import { AreaSelect } from '../parts/area-select.tsx'
import { Choice } from '../parts/choice.tsx'
import { DeviceRow } from '../parts/device-row.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Empty, Loaded } from '../parts/loaded.tsx'
import { More } from '../parts/more.tsx'
import { Page } from '../parts/page.tsx'
import { useUrlFilters } from '../parts/url-filters.ts'
import { useSpeech } from '../words/language.tsx'

const names = ['areaId', 'kind', 'health', 'lifecycle', 'search'] as const

/** Every device the user may see, by name. */
export function DevicesPage() {
  const { words } = useSpeech()
  const { filters, set, clear, some } = useUrlFilters(names)
  const [text, setText] = useState(filters.search ?? '')
  const search = useDebouncedCallback((value: string) => set({ search: value.trim() }), 350)
  const devices = usePages<Asset>(keys.devices, '/api/v1/assets', { query: filters })
  return (
    <Page title={words.devices.title}>
      <FilterBox
        active={some}
        onClear={() => {
          setText('')
          clear()
        }}
        always={
          <TextInput
            aria-label={words.devices.search}
            placeholder={words.devices.searchHint}
            type="search"
            leftSection={<IconSearch aria-hidden size={18} />}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value)
              search(event.currentTarget.value)
            }}
            maxLength={80}
          />
        }
      >
        <AreaSelect
          value={filters.areaId ?? null}
          onChange={(areaId) => set({ areaId })}
          allText={words.all}
        />
        <Choice
          label={words.devices.kind}
          options={words.kinds}
          value={filters.kind}
          onChange={(kind) => set({ kind })}
        />
        <Choice
          label={words.devices.health}
          options={words.healths}
          value={filters.health}
          onChange={(health) => set({ health })}
        />
        <Choice
          label={words.devices.lifecycle}
          options={words.lifecycles}
          value={filters.lifecycle}
          onChange={(lifecycle) => set({ lifecycle })}
        />
      </FilterBox>
      <Loaded query={devices}>
        {(items) =>
          items.length === 0 && !devices.hasNextPage ? (
            <Empty text={words.devices.empty} hint={some ? words.devices.emptyHint : undefined} />
          ) : (
            <Stack gap="sm">
              <ul className="rows">
                {items.map((device) => (
                  <DeviceRow key={device.id} device={device} />
                ))}
              </ul>
              <More pages={devices} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  )
}
