import { systemClock } from '../../kernel/time.ts'
import { createLog, type Log } from '../../platform/log.ts'
import { type Composed, compose, masterKeysOf, openStorage } from '../compose.ts'
import type { Config } from '../config.ts'
import { listen } from '../serve.ts'
import { untilStopped } from './lifetime.ts'
import { Ending, EXIT, type Exit, say } from './output.ts'
import { channelsFor, configOf } from './session.ts'

/** How long running requests and jobs may take to end when the hub is asked to stop. */
const GRACE_MS = 10_000

/** Runs the hub until it is asked to stop. Several on one database need nothing but the database. */
export const start = async (): Promise<Exit> => {
  const config = configOf('live')
  const log = createLog({ level: config.logLevel })
  // Before anything is opened: who is asked to stop while starting stops as well as later.
  const stopped = untilStopped()
  const storage = await openStorage(config, log)
  try {
    const composed = await compose({
      config,
      db: storage.db,
      channels: channelsFor(config),
      masterKeys: masterKeysOf(config, storage),
      clock: systemClock,
      log,
    })
    try {
      await serve(config, composed, log, stopped)
    } finally {
      await composed.close(GRACE_MS)
    }
  } finally {
    // Whatever went wrong: a process that cannot serve must end, so that whoever watches it starts it again.
    await storage.close()
  }
  return EXIT.done
}

const serve = async (config: Config, composed: Composed, log: Log, stopped: Promise<NodeJS.Signals>): Promise<void> => {
  // Better not to start than to let payers find out: test keys outside test mode, keys that do not open, settings that do not fit.
  const findings = await composed.merchants.findings()
  const faults = findings
    .filter(({ severity }) => severity === 'fault')
    .map(({ about, message }) => `${about}: ${message}`)
  if (faults.length > 0) throw new Ending(EXIT.badInput, ['The hub does not start:', ...faults])
  for (const { about, message } of findings) log.warn({ about }, message)
  const listening = await listen(composed.fetch, config.port).catch((fault: unknown) => {
    throw new Ending(
      EXIT.away,
      `port ${config.port} cannot be used (${fault instanceof Error ? fault.message : fault}): set PORT`,
    )
  })
  await composed.work()
  say(`The hub listens on port ${listening.port} as ${config.publicUrl}, in ${config.mode} mode.`)
  log.info({ port: listening.port, mode: config.mode }, 'listening')
  const signal = await stopped
  log.info({ signal }, 'stopping')
  await listening.close(GRACE_MS)
}
