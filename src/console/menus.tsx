import { Button, Group, NavLink, Stack, Text } from '@mantine/core'
import { IconDots, IconLogout, IconUserCircle } from '@tabler/icons-react'
import { Link, useLocation } from 'react-router'
import { useSession, useSessionActions } from './api/session.tsx'
import { useTell } from './api/tell.tsx'
import { isCurrent, type NavItem } from './nav-items.ts'
import { LanguageSwitch } from './parts/language-switch.tsx'
import { useSpeech } from './words/language.tsx'

export function SideMenu(props: {
  items: readonly NavItem[]
  onPick: () => void
  withName?: boolean
}) {
  const { words } = useSpeech()
  const { user } = useSession()
  const { signOut } = useSessionActions()
  const tell = useTell()
  const { pathname } = useLocation()
  return (
    <Stack h="100%" gap="xs" justify="space-between">
      <nav aria-label={words.menu}>
        {props.withName && (
          <Group gap="sm" px="sm" pb="sm">
            <img src="/favicon.svg" alt="" width={30} height={30} />
            <Text fw={700} size="lg">
              {words.appName}
            </Text>
          </Group>
        )}
        {props.items.map((item) => (
          <NavLink
            key={item.to}
            component={Link}
            to={item.to}
            label={words.nav[item.label]}
            leftSection={<item.Icon aria-hidden size={20} />}
            active={isCurrent(item, pathname)}
            {...(isCurrent(item, pathname) ? { 'aria-current': 'page' as const } : {})}
            onClick={props.onPick}
            mih={44}
            style={{ borderRadius: 8 }}
          />
        ))}
      </nav>
      <Stack gap="xs">
        <LanguageSwitch />
        <NavLink
          component={Link}
          to="/account"
          label={user.name}
          description={words.account.title}
          leftSection={<IconUserCircle aria-hidden size={20} />}
          active={pathname === '/account'}
          onClick={props.onPick}
          mih={44}
          style={{ borderRadius: 8 }}
        />
        <Button
          variant="default"
          leftSection={<IconLogout aria-hidden size={18} />}
          onClick={() => void signOut().catch(tell.refused)}
        >
          {words.signIn.out}
        </Button>
      </Stack>
    </Stack>
  )
}

/** The four pages of field work, and the rest behind one more. */
export function BottomBar({ items, onMore }: { items: readonly NavItem[]; onMore: () => void }) {
  const { words } = useSpeech()
  const { pathname } = useLocation()
  return (
    <nav className="bottom-bar" aria-label={words.menu}>
      {items.slice(0, 4).map((item) => (
        <Link
          key={item.to}
          to={item.to}
          className="tab-link"
          {...(isCurrent(item, pathname) ? { 'aria-current': 'page' as const } : {})}
        >
          <item.Icon aria-hidden size={22} />
          {words.nav[item.shortLabel ?? item.label]}
        </Link>
      ))}
      <button type="button" className="tab-link" onClick={onMore}>
        <IconDots aria-hidden size={22} />
        {words.nav.more}
      </button>
    </nav>
  )
}
