import { Button, Collapse, Group, SimpleGrid } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconFilter, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSpeech } from '../words/language.tsx'

/** Filters of a list: open on a desk, folded away on a phone. */
export function FilterBox(props: {
  always?: ReactNode
  children: ReactNode
  active: boolean
  onClear: () => void
}) {
  const { words } = useSpeech()
  const isWide = useMediaQuery('(min-width: 48em)', true, { getInitialValueInEffect: false })
  const [opened, { toggle }] = useDisclosure(props.active)
  return (
    <div>
      <Group gap="xs" align="flex-end" mb="xs">
        {props.always && <div style={{ flex: '1 1 160px' }}>{props.always}</div>}
        {!isWide && (
          <Button
            variant="default"
            leftSection={<IconFilter aria-hidden size={18} />}
            onClick={toggle}
            px="sm"
            aria-expanded={opened}
          >
            {words.filters}
          </Button>
        )}
        {props.active && (
          <Button
            variant="subtle"
            leftSection={<IconX aria-hidden size={18} />}
            onClick={props.onClear}
          >
            {words.clearFilters}
          </Button>
        )}
      </Group>
      <Collapse expanded={isWide || opened}>
        <SimpleGrid cols={{ base: 1, sm: 2, md: 4 }} spacing="xs">
          {props.children}
        </SimpleGrid>
      </Collapse>
    </div>
  )
}
