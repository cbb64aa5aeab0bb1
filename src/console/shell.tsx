import { Alert, AppShell, Drawer, Group, Text } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useEffect } from 'react'
import { Link, useLocation } from 'react-router'
import { useLive } from './api/live.tsx'
import { useMay, useSession } from './api/session.tsx'
import { BottomBar, SideMenu } from './menus.tsx'
import { isCurrent, navItems } from './nav-items.ts'
import { Pages } from './page-routes.tsx'
import { CrashGuard } from './parts/crash-guard.tsx'
import { useSpeech } from './words/language.tsx'

function LostBanner() {
  const { words } = useSpeech()
  const { connected } = useLive()
  if (connected) return null
  return (
    <Alert
      color="orange"
      icon={<IconPlugConnectedX aria-hidden />}
      title={words.live.lost}
      role="alert"
      mb="md"
      data-testid="lost"
    >
      {words.live.lostHint}
    </Alert>
  )
}

/** Menus around the page: beside it on a desk, below it on a phone. */
export function Shell() {
  const { words } = useSpeech()
  const may = useMay()
  const { pathname } = useLocation()
  const [opened, menu] = useDisclosure(false)
  const isWide = useMediaQuery('(min-width: 62em)', true, { getInitialValueInEffect: false })
  const { grants } = useSession()
  const isEverywhere = grants.some((grant) => grant.areaId === null && grant.contractId === null)
  const items = navItems.filter((item) => may(item.needs) && (isEverywhere || !item.ofEverything))
  const current = items.find((item) => isCurrent(item, pathname))

  useEffect(() => {
    if (pathname) window.scrollTo(0, 0)
  }, [pathname])

  return (
    <AppShell
      header={{ height: 52, collapsed: isWide, offset: !isWide }}
      navbar={{ width: 250, breakpoint: 'md', collapsed: { mobile: true } }}
      footer={{ height: 62, collapsed: isWide, offset: !isWide }}
      padding={{ base: 'sm', md: 'lg' }}
    >
      <a className="skip" href="#content">
        {words.skipToContent}
      </a>
      {!isWide && (
        <AppShell.Header>
          <Group h="100%" px="md" gap="sm" wrap="nowrap">
            <img src="/favicon.svg" alt="" width={26} height={26} />
            <Text
              fw={700}
              component={Link}
              to="/"
              style={{ textDecoration: 'none', color: 'inherit', lineHeight: '44px' }}
            >
              {words.appName}
            </Text>
            {current && (
              <Text className="dim" truncate>
                {words.nav[current.label]}
              </Text>
            )}
          </Group>
        </AppShell.Header>
      )}
      {isWide && (
        <AppShell.Navbar p="sm" component="div">
          <SideMenu items={items} onPick={menu.close} withName />
        </AppShell.Navbar>
      )}
      <AppShell.Main id="content">
        <LostBanner />
        <CrashGuard key={pathname}>
          <Pages />
        </CrashGuard>
      </AppShell.Main>
      {!isWide && (
        <AppShell.Footer>
          <BottomBar items={items} onMore={menu.open} />
        </AppShell.Footer>
      )}
      <Drawer
        opened={opened && !isWide}
        onClose={menu.close}
        title={words.menu}
        position="right"
        size="min(320px, 88vw)"
        closeButtonProps={{ 'aria-label': words.close }}
      >
        <SideMenu items={items} onPick={menu.close} />
      </Drawer>
    </AppShell>
  )
}
