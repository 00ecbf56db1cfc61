import type { ListedChannel } from '../channels/index.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { SECOND_MS } from '../kernel/time.ts'
import { createLog, type Log } from '../platform/log.ts'
import type { Traces } from '../platform/traces.ts'
import { channelsFor } from './channels.ts'
import { type Composed, compose, masterKeysOf, openStorage } from './compose.ts'
import { type Config, readConfig } from './config.ts'
import { clockOf } from './kept-time.ts'
import type { ModuleName } from './modules.ts'
import type { FollowedClock } from './test-clock.ts'

/** A whole hub inside another program. */
export type MountedHub = Pick<Composed, 'fetch' | 'work' | 'leave'> & {
  /** Ends what is under way, at most `graceMs` (ten seconds unless told), and lets go of the database. */
  close(graceMs?: number): Promise<void>
}

export type MountOptions = {
  /** What this process does: everything unless told. */
  readonly modules?: readonly ModuleName[]
  /** Beside those of the house. */
  readonly channels?: readonly ListedChannel[]
  /** JSON lines on standard error unless told. */
  readonly log?: Log
  /** To OpenTelemetry as this program has set it up, unless told. */
  readonly traces?: Traces
}

/** How long running requests and jobs may take to end when the hub is asked to stop. */
export const GRACE_MS = 10 * SECOND_MS

/**
 * Opens a hub by the names of docs/operating/configure.md, e.g. `mountHub(process.env)`: in live mode unless `EBIZNESS_MODE` says else.
 * Hand requests to its `fetch`, and call `work` once so that jobs and deliveries run. Throws one sentence a line of what is wrong.
 */
export const mountHub = async (
  environment: Readonly<Record<string, string | undefined>>,
  options: MountOptions = {},
): Promise<MountedHub> => {
  const config = readConfig(environment, 'live')
  if (!config.ok) throw new Error(config.error.join('\n'))
  const opened = await openConfigured(config.value, options)
  if (!opened.ok) throw new Error(opened.error.join('\n'))
  return opened.value
}

/** Errors: what of the stored configuration cannot be used. Better not to open than to let payers find out. */
export const openConfigured = async (
  config: Config,
  { modules, channels = [], log = createLog({ level: config.logLevel }), traces }: MountOptions,
): Promise<Result<MountedHub, readonly string[]>> => {
  const storage = await openStorage(config, log, { atWork: true })
  let composed: Composed | undefined
  let followed: FollowedClock | undefined
  const close = async (graceMs = GRACE_MS): Promise<void> => {
    try {
      await followed?.leave()
      await composed?.close(graceMs)
    } finally {
      await storage.close()
    }
  }
  try {
    if (config.testClock !== undefined) {
      const { followedClock } = await import('./test-clock.ts')
      followed = followedClock(config.testClock, storage.folder, log)
    }
    composed = await compose({
      config,
      db: storage.db,
      channels: [...channelsFor(config), ...channels],
      masterKeys: masterKeysOf(config, storage),
      clock: followed?.clock ?? clockOf(config, storage.folder),
      log,
      ...(modules ? { modules } : {}),
      ...(traces ? { traces } : {}),
    })
    const { fetch, work, leave, merchants } = composed
    // Test keys outside test mode, keys that do not open, settings that do not fit.
    const findings = await merchants.findings()
    const faults = findings.filter(({ severity }) => severity === 'fault')
    if (faults.length > 0) {
      await close()
      return fail(faults.map(({ about, message }) => `${about}: ${message}`))
    }
    for (const { about, message } of findings) log.warn({ about }, message)
    const { eServices } = await merchants.directory()
    const unsendable = [...eServices.values()].filter(({ receipts, retired }) => receipts?.email && !retired)
    if (!composed.hub.mailer)
      for (const { id } of unsendable)
        log.warn({ about: id }, 'receipts are wanted by e-mail and cannot be sent: set EBIZNESS_SMTP_URL')
    await followed?.attend(composed)
    return ok({ fetch, work, leave, close })
  } catch (fault) {
    await close()
    throw fault
  }
}
