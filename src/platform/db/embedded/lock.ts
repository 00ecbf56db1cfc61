import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { isCode } from './binaries.ts'

/** A start takes a few seconds at most; a lock this old is nobody's, even when its number has been given to another process. */
const STALE_AFTER_MS = 60_000
const WAIT_MS = 30_000
const POLL_MS = 20

/**
 * Runs `work` while no other process does, by a file that only one can make. It is a courtesy between starting processes: that two
 * servers never open the same data is PostgreSQL's own doing.
 */
export const withLock = async <Value>(
  file: string,
  work: () => Promise<Value>,
  waitMs: number = WAIT_MS,
): Promise<Value> => {
  const until = performance.now() + waitMs
  while (!take(file)) {
    if (isStale(file)) removeStale(file)
    else if (performance.now() > until)
      throw new Error(`another process has been starting the database for long: see ${file}`)
    else await setTimeout(POLL_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

const take = (file: string): boolean => {
  let made: number
  try {
    made = openSync(file, 'wx')
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
  try {
    writeSync(made, String(process.pid))
    return true
  } catch (error) {
    // On a full disk an empty one would be left, which nobody dares to remove for a minute.
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(made)
  }
}

const isStale = (file: string): boolean => {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    const { mtimeMs } = statSync(file)
    const ageMs = performance.timeOrigin + performance.now() - mtimeMs
    if (ageMs > STALE_AFTER_MS) return true
    // Made, but not yet written.
    return pid > 0 && !isAlive(pid)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}

/** Of several that find it stale only one can move it away. */
const removeStale = (file: string): void => {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    rmSync(aside, { force: true })
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
}
