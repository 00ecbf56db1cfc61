import { setTimeout as pause } from 'node:timers/promises'
import { createLog, type Log } from '../../platform/log.ts'
import type { Config } from '../config.ts'
import { MODULES, type ModuleName, readModules } from '../modules.ts'
import { GRACE_MS, type MountedHub, openConfigured } from '../mount.ts'
import { listen } from '../serve.ts'
import { startTracing } from '../tracing.ts'
import { untilStopped } from './lifetime.ts'
import { badInput, Ending, EXIT, type Exit, portRefused, say } from './output.ts'
import { configOf } from './session.ts'

export type StartOptions = {
  /** Comma-separated; everything when absent. */
  readonly modules?: string
}

/** Runs the hub until it is asked to stop. Several on one database need nothing but the database. */
export const start = async (options: StartOptions): Promise<Exit> => {
  const modules = readModules(options.modules)
  if (!modules.ok) throw badInput(modules.error)
  const config = configOf('live')
  const log = createLog({ level: config.logLevel })
  // Before anything is opened: who is asked to stop while starting stops as well as later.
  const stopped = untilStopped()
  const tracing = await startTracing(config.tracesTo, log)
  const opened = await openConfigured(config, { log, modules: modules.value, traces: tracing.traces })
  if (!opened.ok) throw new Ending(EXIT.badInput, ['The hub does not start:', ...opened.error])
  try {
    await serve(config, opened.value, modules.value, log, stopped)
  } finally {
    // Whatever went wrong: a process that cannot serve must end, so that whoever watches it starts it again.
    await opened.value.close(GRACE_MS)
    await tracing.stop().catch((fault: unknown) => log.warn({ fault }, 'the last traces were not sent'))
  }
  return EXIT.done
}

const serve = async (
  config: Config,
  hub: MountedHub,
  modules: readonly ModuleName[],
  log: Log,
  stopped: Promise<NodeJS.Signals>,
): Promise<void> => {
  const listening = await listen(hub.fetch, config.port).catch((fault: unknown) => {
    throw portRefused(config.port, fault, 'PORT')
  })
  // A hub that answers and cannot work is worse than none.
  await hub.work().catch(async (fault: unknown) => {
    await listening.close(0)
    throw fault
  })
  const only = modules.length < MODULES.length ? `, for ${modules.join(', ')} only` : ''
  say(`The hub listens on port ${listening.port} as ${config.publicUrl}, in ${config.mode} mode${only}.`)
  log.info({ port: listening.port, mode: config.mode, modules }, 'listening')
  const signal = await stopped
  log.info({ signal, drainMs: config.drainMs }, 'stopping')
  const left = hub.leave(config.drainMs + GRACE_MS)
  listening.drain()
  // Until whoever shares out the requests has seen at `/readyz` that none is to come here.
  await pause(config.drainMs)
  await listening.close(GRACE_MS)
  await left
}
