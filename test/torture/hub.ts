import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'

/** One hub as operators run it: a process that is started again whenever it ends. */
export type HubProcess = {
  /** Its own address, past the balancer. */
  readonly root: string
  readonly port: number
  /** How often it was killed. */
  strikes(): number
  /** Kills it, and starts it again at once. */
  strike(): Promise<void>
  /** Stops it in the middle of whatever it does, as a machine that is frozen. */
  freeze(): void
  /** It goes on as if nothing had been. */
  thaw(): void
  /** Not to be killed: until `unspare` something else is done to it. */
  isSpared(): boolean
  spare(): void
  unspare(): void
  /** Asks it to stop, and waits. */
  end(): Promise<void>
}

export type HubParts = {
  readonly folder: string
  /** The built command line. */
  readonly program: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** File that takes what it says. */
  readonly output: number
  readonly ledger: Ledger
}

/** `ebizness start` ends so when no database answers while it starts: whoever watches it starts it again. */
const FOUND_NO_DATABASE = 3
const RESTART_PAUSE_MS = 100
/** Much longer than whoever watches a hub waits for its end. */
const STOPS_WITHIN_MS = 60_000

export const startHub = ({ folder, program, port, env, output, ledger }: HubParts): HubProcess => {
  let stopped = false
  let strikes = 0
  let spared = false
  const start = (): ChildProcess => {
    const own = { ...env, PORT: String(port) }
    const started = spawn(process.execPath, [program, 'start'], {
      cwd: folder,
      env: own,
      stdio: ['ignore', output, output],
    })
    started.once('exit', (code, signal) => void startAgain(started, code, signal))
    return started
  }
  const startAgain = async (ended: ChildProcess, code: number | null, signal: string | null): Promise<void> => {
    if (stopped || ended !== child) return
    if (code === FOUND_NO_DATABASE) await pause(RESTART_PAUSE_MS)
    else ledger.breaches.push(`the hub on port ${port} ended by itself: ${signal ?? code}`)
    if (!stopped && ended === child) child = start()
  }
  let child = start()
  return {
    root: `http://localhost:${port}`,
    port,
    strikes: () => strikes,
    strike: async () => {
      strikes++
      const struck = child
      const ended = struck.exitCode !== null || struck.signalCode !== null ? undefined : once(struck, 'exit')
      stopped = true
      struck.kill('SIGKILL')
      await ended
      stopped = false
      child = start()
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    isSpared: () => spared,
    spare: () => {
      spared = true
    },
    unspare: () => {
      spared = false
    },
    end: async () => {
      stopped = true
      child.kill('SIGCONT')
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS)
      const [code, signal] = await ended
      clearTimeout(late)
      if (code !== 0 && code !== FOUND_NO_DATABASE)
        ledger.breaches.push(`the hub on port ${port} did not stop as asked: ${signal ?? code}`)
    },
  }
}
