import { connect, type Socket } from 'node:net'

/** What came back over one connection. */
export type Exchange = {
  readonly text: string
  /** Of all answers, in order. */
  readonly statuses: readonly number[]
  /** The server ended it; otherwise we did, when nothing more came. */
  readonly closed: boolean
  readonly tookMs: number
}

export type ExchangeOptions = {
  /** After an answer: how long nothing must come before it is taken for the last one. */
  readonly quietMs?: number
  /** Given up on after so long. */
  readonly atMostMs?: number
  /** Sent again and again, so often. */
  readonly drip?: { readonly bytes: Bytes; readonly everyMs: number }
  /** What comes is left lying. */
  readonly unread?: boolean
}

export type Bytes = string | Uint8Array

const QUIET_MS = 100
const AT_MOST_MS = 20_000
const READ_TO_THE_END_MS = 2_000

/** Text as it is written, one byte a character. */
export const latin1 = (bytes: Bytes): Uint8Array => (typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)

/** Sends bytes as they are over a connection of their own. Whatever the server does to it is an answer, not a failure. */
export const exchange = (port: number, bytes: Bytes, options: ExchangeOptions = {}): Promise<Exchange> => {
  const { quietMs = QUIET_MS, atMostMs = AT_MOST_MS, drip, unread = false } = options
  return new Promise((resolve) => {
    const begun = performance.now()
    const socket = connect(port, '127.0.0.1')
    let text = ''
    let quiet: NodeJS.Timeout | undefined
    const end = (closed: boolean) => {
      for (const timer of [quiet, limit]) clearTimeout(timer)
      clearInterval(dripping)
      socket.destroy()
      resolve({ text, statuses: statusesIn(text), closed, tookMs: performance.now() - begun })
    }
    const giveUp = () => {
      if (!unread) return end(false)
      // Only who reads sees that it has ended.
      socket.resume()
      quiet = setTimeout(() => end(false), READ_TO_THE_END_MS)
    }
    const limit = setTimeout(giveUp, atMostMs)
    const dripping = drip && setInterval(() => socket.write(latin1(drip.bytes)), drip.everyMs)
    socket.once('close', () => end(true))
    socket.on('error', () => {})
    if (unread) socket.pause()
    else
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        clearTimeout(quiet)
        if (!drip && !onlyInterim(text)) quiet = setTimeout(() => end(false), quietMs)
      })
    socket.write(latin1(bytes))
  })
}

const STATUS_LINE = /HTTP\/1\.1 (\d{3}) /g
const statusesIn = (text: string): readonly number[] =>
  [...text.matchAll(STATUS_LINE)].map(([, status]) => Number(status))
const onlyInterim = (text: string): boolean => statusesIn(text).every((status) => status < 200)

/** Connects, sends, and goes away without waiting for anything. */
export const sendAndGo = (port: number, bytes: Bytes): Promise<void> =>
  new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(latin1(bytes), () => socket.resetAndDestroy()))
    socket.on('error', () => {})
    socket.once('close', () => resolve())
  })
