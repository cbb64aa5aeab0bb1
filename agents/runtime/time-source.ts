import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Is the machine's clock kept by NTP at this moment, and did it start from an RTC? */
export type TimeSource = () => Promise<{ ntpSynced: boolean; rtc: boolean }>

const run = promisify(execFile)

async function timedatectl(): Promise<boolean> {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value']
    const { stdout } = await run('timedatectl', args, { timeout: 2000 })
    return stdout.trim() === 'yes'
  } catch {
    return false
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** True when the kernel set the clock from an RTC at boot. */
const fromRtc = (): Promise<boolean> =>
  readFile('/sys/class/rtc/rtc0/hctosys', 'utf8').then(
    (text) => text.trim() === '1',
    () => false,
  )

/**
 * Linux: systemd-timesyncd's mark, else what `timedatectl` reads from the kernel (chrony and ntpd
 * set it too). Where neither exists the answer is no, and the hub's time is used.
 */
export const machineTimeSource: TimeSource = async () => ({
  ntpSynced: (await exists('/run/systemd/timesync/synchronized')) || (await timedatectl()),
  rtc: await fromRtc(),
})
