import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConsoleRig, password, startConsoleRig } from '../support/console-rig.ts'
import { adminPassword } from '../support/hub.ts'
import { requirePart } from '../support/real-parts.ts'
import { until } from '../support/until.ts'

const chromiumPath = requirePart('chromium')

let rig: ConsoleRig

type Item = { id: string; name: string; state: string; acknowledgedBy: string | null; note: string }
type Items = { items: Item[] }

async function signIn(page: Page, username: string, secret = password): Promise<void> {
  await page.getByLabel('Tên đăng nhập').fill(username)
  await page.getByLabel('Mật khẩu', { exact: true }).fill(secret)
  await page.getByRole('button', { name: 'Đăng nhập' }).click()
}

/** A page of this user at an address. */
async function at(path: string, username: string, options?: { width?: number; height?: number }) {
  const opened = await rig.open(options)
  await opened.page.goto(`${rig.url}${path}`)
  await signIn(opened.page, username)
  await opened.page.getByRole('navigation').first().waitFor()
  return opened
}

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor()

const activeAlerts = async () =>
  (await rig.admin.call<Items>('GET', '/api/v1/alerts?state=active')).items

describe.runIf(chromiumPath)('the console in a browser', () => {
  beforeAll(async () => {
    rig = await startConsoleRig(chromiumPath ?? '')
    const { commune } = rig.areas
    await rig.user('canbo', 'officer', commune)
    await rig.user('xem', 'viewer')
    await rig.user('laplich', 'scheduler')
    await rig.user('kythuat', 'technician')
    await rig.user('quanly', 'manager')
    await rig.offline(['ch:1'])
  })
  afterAll(async () => rig.end())

  test('a wrong password is said in words, and nothing is shown', async () => {
    const { page, wrong } = await rig.open()
    await page.goto(rig.url)
    await signIn(page, 'canbo', 'not this one')
    await page.getByRole('alert').getByText('Sai tên đăng nhập hoặc mật khẩu').waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
    expect(wrong).toEqual([])
  })

  test('an officer sees the counts of her commune with their base, and no other commune', async () => {
    const { page, wrong } = await at('/', 'canbo', { width: 360, height: 740 })
    await heading(page, 'Xã An Bình')
    const cameras = page.getByRole('region', { name: 'Camera' })
    await cameras.getByText('1 đang kết nối trên 2 mắt có giám sát').waitFor()
    await cameras.getByText('mất kết nối 1').waitFor()
    await page.getByText('Thôn Đông').waitFor()
    expect(await page.getByText('Xã Hòa Lạc').count()).toBe(0)
    await page.goto(`${rig.url}/areas/${rig.areas.other}`)
    await heading(page, 'Không tìm thấy trang')
    expect(wrong).toEqual([])
  })

  test('a device is found without marks and tells the state of its parts and why one is unknown', async () => {
    const { page, wrong } = await at('/devices', 'canbo')
    await page.getByRole('searchbox').fill('nga tu cho')
    await until(async () => (await page.locator('.rows > li').count()) === 1)
    await page.getByRole('link', { name: /Ngã tư Chợ/ }).click()
    await heading(page, 'Ngã tư Chợ')
    await page.getByText('chưa rõ (thiết bị không cho biết)').waitFor()
    await page.getByText('Camera mất kết nối: Ngã tư Chợ').waitFor()
    await page.getByRole('link', { name: 'Đầu ghi UBND' }).click()
    await heading(page, 'Đầu ghi UBND')
    await page.getByText('Ổ cứng 1').first().waitFor()
    await page.getByRole('link', { name: /Cổng trường/ }).waitFor()
    await page.getByRole('figure', { name: 'Ổ cứng đã dùng' }).scrollIntoViewIfNeeded()
    await page.getByRole('figure', { name: 'Ổ cứng đã dùng' }).locator('canvas').waitFor()
    expect(wrong).toEqual([])
  })

  test('a technician acknowledges an alert with one tap on a phone', async () => {
    const { page, wrong } = await at('/alerts', 'kythuat', { width: 360, height: 740 })
    const row = page.getByRole('listitem').filter({ hasText: 'Ngã tư Chợ' })
    await row.getByText('Cao').waitFor()
    await row.getByRole('button', { name: 'Tiếp nhận' }).click()
    await row.getByText(/Đã tiếp nhận: kythuat/).waitFor()
    expect(await row.getByRole('button', { name: 'Tiếp nhận' }).count()).toBe(0)
    const [alert] = await activeAlerts()
    expect([alert?.state, alert?.acknowledgedBy]).toEqual(['acknowledged', 'kythuat'])
    await row.getByRole('link').click()
    await page.getByText('Kiểm tra nguồn, dây mạng và công tắc PoE của camera.').waitFor()
    await page.getByText('netUnreachable').waitFor()
    expect(wrong).toEqual([])
  })

  test('a new alert appears on an open page by itself, and can be taken on with a note', async () => {
    const { page } = await at('/alerts', 'canbo')
    await page.getByText('Camera mất kết nối: Ngã tư Chợ').waitFor()
    await rig.offline(['ch:1', 'ch:2'])
    await page.getByText('Camera mất kết nối: Cổng trường').click()
    await page.getByRole('button', { name: 'Tiếp nhận kèm ghi chú' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Ghi chú').fill('đã gọi kỹ thuật viên')
    await dialog.getByRole('button', { name: 'Tiếp nhận' }).click()
    await page.getByText('“đã gọi kỹ thuật viên”').waitFor()
    await until(async () => (await activeAlerts()).every((one) => one.state === 'acknowledged'))
    await rig.offline(['ch:1'])
    await page.getByText('Đã khắc phục').first().waitFor()
  })

  test('the language changes at once and is remembered', async () => {
    const { page } = await at('/alerts', 'xem')
    await heading(page, 'Cảnh báo')
    await page.getByText('EN', { exact: true }).click()
    await heading(page, 'Alerts')
    await page.getByText('Camera is offline: Ngã tư Chợ').waitFor()
    await page.reload()
    await heading(page, 'Alerts')
    expect(await page.evaluate('document.documentElement.lang')).toBe('en')
  })

  test.each(['vi', 'en'])('no page is wider than a phone of 360 px (%s)', async (language) => {
    const { page, wrong } = await rig.open({ width: 360, height: 740 })
    await page.goto(rig.url)
    await signIn(page, 'admin', adminPassword)
    await page.getByRole('navigation').first().waitFor()
    await page.evaluate(`localStorage.setItem('ansang.language', '${language}')`)
    const { items } = await rig.admin.call<Items>('GET', '/api/v1/assets')
    const [alert] = await activeAlerts()
    const paths = [
      ...['/', '/devices', '/alerts', '/alerts?state=resolved', '/lighting', '/sla', '/agents'],
      ...['/admin/users', '/admin/notify', '/admin/audit', '/admin/status', '/account', '/x'],
      `/areas/${rig.areas.commune}`,
      `/lighting/${rig.areas.commune}`,
      `/alerts/${alert?.id}`,
      ...items.map((item) => `/devices/${item.id}`),
    ]
    const tooWide: string[] = []
    for (const path of paths) {
      await page.goto(`${rig.url}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('domcontentloaded')
      await until(async () => (await page.getByRole('status').count()) === 0)
      const width = await page.evaluate('document.scrollingElement.scrollWidth')
      if (Number(width) > 360) tooWide.push(`${path}: ${width}`)
    }
    expect(tooWide).toEqual([])
    expect(wrong).toEqual([])
  })

  test.each([
    ['xem', ['Tổng quan', 'Cảnh báo', 'Thiết bị', 'Lịch chiếu sáng']],
    ['kythuat', ['Tổng quan', 'Cảnh báo', 'Thiết bị', 'Lịch chiếu sáng', 'Bộ giám sát']],
    [
      'quanly',
      [
        ...['Tổng quan', 'Cảnh báo', 'Thiết bị', 'Lịch chiếu sáng', 'Cam kết dịch vụ'],
        ...['Bộ giám sát', 'Nơi nhận tin', 'Nhật ký thao tác'],
      ],
    ],
  ])('%s sees the menu of the role and no more', async (username, menu) => {
    const { page } = await at('/alerts', username)
    const links = page.getByRole('navigation').getByRole('link')
    expect(await links.allInnerTexts()).toEqual(menu)
    await page.goto(`${rig.url}/admin/users`)
    await heading(page, 'Không tìm thấy trang')
  })

  test('who may only look is offered no deed', async () => {
    await rig.offline(['ch:1', 'ch:2'])
    const { page } = await at('/alerts', 'xem')
    await page.getByText('Camera mất kết nối: Cổng trường').click()
    await page.getByText('Việc cần làm trước').waitFor()
    expect(await page.getByRole('button', { name: /Tiếp nhận|Đóng cảnh báo/ }).count()).toBe(0)
    await page.goto(`${rig.url}/lighting/${rig.areas.commune}`)
    await page.getByText('Địa bàn này chưa có chương trình riêng.').waitFor()
    expect(await page.getByRole('button', { name: 'Lập chương trình riêng' }).count()).toBe(0)
    await rig.offline(['ch:1'])
  })

  test('a session that ended leads to signing in and back to the same page', async () => {
    const { page } = await at('/devices?search=cong+truong', 'xem')
    await page.getByRole('link', { name: /Cổng trường/ }).waitFor()
    const users = await rig.admin.call<{ id: string; username: string; grants: object[] }[]>(
      'GET',
      '/api/v1/users',
    )
    const user = users.find((one) => one.username === 'xem')
    await rig.admin.call('PATCH', `/api/v1/users/${user?.id}`, { grants: user?.grants })
    await page.getByRole('link', { name: /Cổng trường/ }).click()
    await page.getByText('Phiên làm việc đã hết').waitFor()
    expect(await page.getByText('Cổng trường').count()).toBe(0)
    await signIn(page, 'xem')
    await heading(page, 'Cổng trường')
  })

  test('who got a password from somebody else chooses an own one first', async () => {
    const first = 'somebody else knows it'
    const grants = [{ role: 'viewer', areaId: null, contractId: null }]
    const about = { username: 'moi', name: 'Người mới', password: first, grants }
    await rig.admin.call('POST', '/api/v1/users', about)
    const { page } = await rig.open({ width: 360, height: 740 })
    await page.goto(`${rig.url}/alerts`)
    await signIn(page, 'moi', first)
    await heading(page, 'Đặt mật khẩu của riêng bạn')
    await page.getByLabel('Mật khẩu hiện tại').fill(first)
    await page.getByLabel('Mật khẩu mới', { exact: true }).fill('ngắn')
    await page.getByText('Cần ít nhất 10 ký tự').waitFor()
    await page.getByLabel('Mật khẩu mới', { exact: true }).fill(password)
    await page.getByLabel('Nhập lại mật khẩu mới').fill(password)
    await page.getByRole('button', { name: 'Đổi mật khẩu' }).click()
    await heading(page, 'Cảnh báo')
  })

  test('a scheduler publishes hours, and is told when somebody else was quicker', async () => {
    const { commune } = rig.areas
    const { page, wrong } = await at(`/lighting/${commune}`, 'laplich')
    await page.getByRole('button', { name: 'Lập chương trình riêng' }).click()
    await page.getByText(/Thứ Hai, đêm/).waitFor()
    await page.getByRole('button', { name: 'Ban hành' }).click()
    await page
      .getByRole('dialog')
      .getByText(/1 tủ của Xã An Bình/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Ban hành' }).click()
    await page.getByText('bản 1 ·').waitFor()

    const address = `/api/v1/areas/${commune}/lighting`
    type Program = { name: string; version: number; weekly: { segments: { level: number }[] }[] }
    const { weekly } = await rig.admin.call<Program>('GET', address)
    await page.getByLabel('Mức sáng (%)').fill('70')
    await page.getByText('Có sửa đổi chưa ban hành').waitFor()
    await rig.admin.call('PUT', address, { name: 'Của người khác', weekly, expectedVersion: 1 })
    await page.getByRole('button', { name: 'Ban hành' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Ban hành' }).click()
    await page.getByText('Người khác vừa ban hành bản mới').waitFor()
    expect((await rig.admin.call<Program>('GET', address)).name).toBe('Của người khác')

    await page.getByRole('button', { name: 'Vẫn giữ bản của tôi' }).click()
    await page.getByRole('button', { name: 'Ban hành' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Ban hành' }).click()
    await page.getByText('bản 3 ·').waitFor()
    const published = await rig.admin.call<Program>('GET', address)
    expect([published.version, published.weekly[0]?.segments[0]?.level]).toEqual([3, 70])
    expect(wrong).toEqual([])
  })

  test('an administrator makes a claim code and a user with a role in one area', async () => {
    const { page, wrong } = await rig.open()
    await page.goto(`${rig.url}/agents`)
    await signIn(page, 'admin', adminPassword)
    await page.getByText('Đang kết nối').first().waitFor()
    await page.getByRole('button', { name: 'Mã đăng ký mới' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Tên điểm đặt bộ giám sát').fill('Nhà văn hóa')
    await dialog.getByLabel('Địa bàn').fill('an binh')
    await page.getByRole('option', { name: 'Xã An Bình' }).click()
    await dialog.getByRole('button', { name: 'Tạo mã' }).click()
    expect(await page.getByTestId('claim-code').textContent()).toMatch(/\S{6,}/)

    await page.goto(`${rig.url}/admin/users`)
    await page.getByRole('button', { name: 'Thêm người dùng' }).click()
    await dialog.getByLabel('Tên đăng nhập').fill('canbo2')
    await dialog.getByLabel('Họ và tên').fill('Nguyễn Văn Ba')
    await dialog.getByLabel('Mật khẩu tạm').fill('one for the first day')
    await dialog.getByLabel('Địa bàn').fill('hoa lac')
    await page.getByRole('option', { name: 'Xã Hòa Lạc' }).click()
    await dialog.getByRole('button', { name: 'Lưu' }).click()
    await page.getByText('Kỹ thuật viên (Xã Hòa Lạc)').waitFor()
    expect(wrong).toEqual([])
  })

  test('a lost hub is said, and after its return the page is fresh again', async () => {
    const { page } = await at('/alerts', 'canbo')
    await page.getByText('Camera mất kết nối: Ngã tư Chợ').waitFor()
    await rig.stopHub()
    await page.getByText('Mất kết nối với máy chủ').waitFor()
    await rig.startHubAgain()
    await until(async () => (await page.getByText('Mất kết nối với máy chủ').count()) === 0, {
      timeoutMs: 30_000,
    })
    await page.getByText('Camera mất kết nối: Ngã tư Chợ').waitFor()
  })
})
