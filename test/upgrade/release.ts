import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isReady } from './balancer.ts'

/** One built release of the hub, as operators run it beside another. */
export type Release = {
  readonly port: number
  /** Returns after how many milliseconds it was ready. It must not end before it is asked to. */
  start(): Promise<number>
  /** Asks it to stop; returns after how many milliseconds it was gone. */
  stop(): Promise<number>
  /** Kills it, as a machine that is lost does. */
  kill(): Promise<void>
  command(...args: readonly string[]): Promise<unknown>
}

export type ReleaseParts = {
  readonly folder: string
  readonly name: string
  /** The built command line. */
  readonly program: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  readonly breaches: string[]
}

const READY_WAIT_MS = 120_000
const POLL_MS = 20

export const releaseAt = ({ folder, name, program, port, environment, breaches }: ReleaseParts): Release => {
  const env = { ...environment, PORT: String(port) }
  const output = openSync(join(folder, `${name}.log`), 'a')
  let child: ChildProcess | undefined
  return {
    port,
    start: async () => {
      const since = performance.now()
      const started = spawn(process.execPath, [program, 'start'], {
        cwd: folder,
        env,
        stdio: ['ignore', output, output],
      })
      child = started
      started.once('exit', (code, signal) => {
        if (child === started) breaches.push(`the ${name} release ended by itself: ${signal ?? code}`)
      })
      while (!(await isReady(port))) {
        if (started.exitCode !== null) throw new Error(`the ${name} release does not start: see ${name}.log`)
        if (performance.now() - since > READY_WAIT_MS)
          throw new Error(`the ${name} release is not ready: see ${name}.log`)
        await pause(POLL_MS)
      }
      return performance.now() - since
    },
    stop: async () => {
      const since = performance.now()
      const stopped = child
      child = undefined
      if (!stopped || stopped.exitCode !== null || stopped.signalCode !== null) return 0
      const ended = once(stopped, 'exit')
      stopped.kill('SIGTERM')
      const [code, signal] = await ended
      if (code !== 0) breaches.push(`the ${name} release did not stop as asked: ${signal ?? code}`)
      return performance.now() - since
    },
    kill: async () => {
      const killed = child
      child = undefined
      if (!killed) return
      const ended = once(killed, 'exit')
      killed.kill('SIGKILL')
      await ended
    },
    command: async (...args) => {
      const run = promisify(execFile)
      const { stdout } = await run(process.execPath, [program, ...args, '--json'], { cwd: folder, env })
      return JSON.parse(stdout)
    },
  }
}
