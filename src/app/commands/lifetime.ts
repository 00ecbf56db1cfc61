import { constants, setPriority } from 'node:os'

/** Waits for the first signal to end; a second one ends the process at once. */
export const untilStopped = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
    let asked = false
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) process.exit(1)
        asked = true
        resolve(signal)
      })
    }
  })

/** Far more than a process lives; what Node takes for one timer. */
const LONG_MS = 2 ** 31 - 1

/**
 * Does all of `work` before the process ends. Node ends one, with 13 and not a word, in which nothing is left that holds it, also while it
 * waits for what may never come, with a timer beside it that does not hold it.
 */
export const toItsEnd = async <Value>(work: () => Promise<Value>): Promise<Value> => {
  const hold = setInterval(() => {}, LONG_MS)
  try {
    return await work()
  } finally {
    clearInterval(hold)
  }
}

/** For what is typed beside a hub at work: it takes of the processors what that leaves, so that payers do not wait for an operator. */
export const stepBack = (): void => {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Where a process may not even do that, it goes on as it is.
  }
}
