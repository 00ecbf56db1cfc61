import { setTimeout as pause } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'

/** How payers and careful programs ask a hub that may be dead: again and again. */

export type Answer = { readonly status: number; readonly location: string | null; readonly text: string }

export type Ask = {
  readonly url: string
  readonly init?: RequestInit
  /** How often it is asked at most; absent: until it is answered. */
  readonly tries?: number
  /** Not asked any more once this holds. */
  readonly isGivenUp?: () => boolean
  /** Told of each moment at which it is sent, by `performance.now()`. */
  readonly sending?: (at: number) => void
}

const AGAIN_MS = 50
const TIMEOUT_MS = 60_000
/** Nobody waits longer for one answer; a hub that is not back by then is lost. */
const PATIENCE_MS = 240_000

/** Undefined when nobody answered: whether it was done is not known. */
const askOnce = async (url: string, init: RequestInit): Promise<Answer | undefined> => {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  } catch {
    return undefined
  }
}

/** The database is away, or too many ask. */
const LATER: readonly number[] = [429, 503]

/** To be asked again: not now, or the first of two equal requests is running. */
const isPassing = ({ status, text }: Answer): boolean =>
  LATER.includes(status) || (status === 409 && text.includes('"request_in_progress"'))

/** A page or a message of a bank that the hub does not take, also not later. */
export const isTurnedAway = (status: number): boolean => status >= 400 && !LATER.includes(status)

/** Asks until it is answered for good. Any other answer from 500 is a breach: an outage is told as 503. */
export const answerTo = async (
  ledger: Ledger,
  { url, init = {}, tries = Number.POSITIVE_INFINITY, isGivenUp, sending }: Ask,
): Promise<Answer | undefined> => {
  const until = performance.now() + PATIENCE_MS
  for (let tried = 1; ; tried++) {
    sending?.(performance.now())
    const answer = await askOnce(url, init)
    if (answer && answer.status < 500 && !isPassing(answer)) return answer
    if (answer?.status === 503) ledger.counts.refusals++
    if (answer && answer.status !== 503 && answer.status >= 500) {
      ledger.breaches.push(
        `${init.method ?? 'GET'} ${new URL(url).pathname} was answered ${answer.status}: ${answer.text.slice(0, 300)}`,
      )
    }
    if (tried >= tries || isGivenUp?.()) return undefined
    if (performance.now() > until) throw new Error(`${url} was not answered in ${PATIENCE_MS / 1000} s`)
    await pause(AGAIN_MS)
  }
}
