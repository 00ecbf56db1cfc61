import { dirname, resolve } from 'node:path'
import {
  type ApplyOptions,
  isDone,
  type NoticeAddresses,
  type Plan,
  readCmaFile,
  showPlan,
  showProblem,
  sourcesIn,
} from '../../merchants/index.ts'
import { CannotOpen } from '../../platform/crypto/index.ts'
import { DatabaseAway } from '../../platform/db/db.ts'
import { createLog, type Log } from '../../platform/log.ts'
import { spokenLanguages } from '../../platform/texts/index.ts'
import { channelsFor } from '../channels.ts'
import { type Composed, compose, masterKeysOf, openStorage } from '../compose.ts'
import { type Config, readConfig } from '../config.ts'
import { clockOf } from '../kept-time.ts'
import { stepBack } from './lifetime.ts'
import { badInput, Ending, EXIT, readGiven } from './output.ts'

/** What a command works with. */
export type Session = { readonly config: Config; readonly log: Log; readonly composed: Composed }

/** The only place that reads the environment. */
export const configOf = (defaultMode: Config['mode']): Config => {
  const config = readConfig(process.env, defaultMode)
  if (!config.ok) throw badInput(config.error)
  return config.value
}

/** Mode of a command that stands beside a running hub: that of the environment, else the one whose data folder is used: test without a live set-up. */
export const usualMode = (): Config['mode'] => (process.env.EBIZNESS_MASTER_KEY ? 'live' : 'test')

/** Runs a command on the configured database, whatever hub is at work beside it, and lets go of everything. */
export const withSession = async <Value>(work: (session: Session) => Promise<Value>): Promise<Value> => {
  const config = configOf(usualMode())
  const log = createLog({ level: config.logLevel === 'info' ? 'warn' : config.logLevel })
  const storage = await openStorage(config, log).catch(away)
  // Not before: a database that was started here serves hubs too.
  stepBack()
  try {
    const composed = await compose({
      config,
      db: storage.db,
      channels: channelsFor(config),
      masterKeys: masterKeysOf(config, storage),
      clock: clockOf(config, storage.folder),
      log,
    })
    try {
      return await work({ config, log, composed }).catch(closed)
    } finally {
      await composed.close(1_000)
    }
  } finally {
    await storage.close()
  }
}

const away = (fault: unknown): never => {
  if (fault instanceof DatabaseAway) throw new Ending(EXIT.away, `the database does not answer: ${fault.message}`)
  throw fault
}

const closed = (fault: unknown): never => {
  if (fault instanceof CannotOpen) throw badInput(`EBIZNESS_MASTER_KEY: ${fault.message}`)
  throw fault
}

/** Where e-services hear their notices, as `cma.yaml` sees it: what was switched off is not there. */
export const noticeAddresses = (notices: Composed['notices']): NoticeAddresses => ({
  addressesOf: notices.urlsOf,
  setAddresses: notices.setAddresses,
})

export type FileToApply = { readonly name: string; readonly text: string; readonly folder: string }

export const readFileToApply = async (name: string): Promise<FileToApply> => {
  const text = await readGiven(name)
  return { name, text, folder: dirname(resolve(name)) }
}

export type AppliedFile = { readonly plan: Plan; readonly shown: string; readonly changed: boolean }

/** Reads a `cma.yaml`, shows the difference and, when `agreed` says so, makes it true. Throws `Ending` with file and line of what is wrong. */
export const applyFile = async (
  { config, composed }: Pick<Session, 'config' | 'composed'>,
  file: FileToApply,
  prune: boolean,
  agreed: (shown: string) => Promise<boolean>,
): Promise<AppliedFile> => {
  const wanted = await readCmaFile({
    file: file.name,
    text: file.text,
    channels: channelsFor(config),
    sources: sourcesIn(file.folder, process.env),
    mode: config.mode,
    now: composed.hub.clock.now(),
    languages: spokenLanguages,
  })
  if (!wanted.ok) throw badInput(wanted.error.map(showProblem))
  const { merchants, notices } = composed
  const options: ApplyOptions = { prune, notices: noticeAddresses(notices) }
  const plan = await merchants.plan(wanted.value, options)
  if (!plan.ok) throw badInput(plan.error.map(showProblem))
  const shown = showPlan(plan.value)
  if (isDone(plan.value)) return { plan: plan.value, shown, changed: false }
  if (!(await agreed(shown))) return { plan: plan.value, shown, changed: false }
  const applied = await merchants.apply(wanted.value, { ...options, confirmed: plan.value.revision })
  if (applied.ok) return { plan: applied.value, shown, changed: true }
  if (applied.error === 'changed_meanwhile') {
    throw new Ending(
      EXIT.no,
      'somebody else changed the configuration meanwhile: run apply again to see the new difference',
    )
  }
  throw badInput(applied.error.map(showProblem))
}
