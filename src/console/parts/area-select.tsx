import { type ComboboxItem, type OptionsFilter, Select } from '@mantine/core'
import { useMemo } from 'react'
import { useAreas } from '../api/queries.ts'
import { useSpeech } from '../words/language.tsx'
import { inTreeOrder } from './area-tree.ts'
import { toSought } from './sought.ts'

const withoutMarks: OptionsFilter = ({ options, search }) => {
  const sought = toSought(search)
  return (options as ComboboxItem[]).filter((option) => toSought(option.label).includes(sought))
}

/** Chooses an area by typing part of its name, with or without marks. */
export function AreaSelect(props: {
  value: string | null
  onChange: (areaId: string | null) => void
  label?: string
  /** Said when no area is chosen, and then none may be chosen. */
  allText?: string
  required?: boolean
}) {
  const { words } = useSpeech()
  const areas = useAreas()
  const options = useMemo(
    () =>
      inTreeOrder(areas.data ?? []).map(({ area, depth }) => ({
        value: area.id,
        label: `${'\u2003'.repeat(depth)}${area.name}`,
      })),
    [areas.data],
  )
  return (
    <Select
      label={props.label ?? words.area}
      placeholder={props.allText ?? words.lighting.chooseArea}
      data={options}
      value={props.value}
      onChange={(value) => props.onChange(value)}
      searchable
      clearable={props.allText !== undefined}
      withAsterisk={props.required ?? false}
      filter={withoutMarks}
      limit={200}
      maxDropdownHeight={320}
    />
  )
}
