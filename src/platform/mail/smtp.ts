import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { isIP, type LookupFunction, Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import { SECOND_MS } from '../../kernel/time.ts'
import { isLoopback, type OutboundPolicy, refusalOf } from '../http/addresses.ts'
import { type Mailer, type Sent, written } from './mail.ts'

export type SmtpOptions = {
  /** `smtps://` is TLS from the start, `smtp://` STARTTLS; with user and password where the server wants them. */
  readonly url: string
  /** The sender's bare address. */
  readonly from: string
  readonly policy: OutboundPolicy
  /** PEM of certification authorities that are trusted instead of the well-known ones. */
  readonly authorities?: readonly string[]
  readonly resolve?: LookupFunction
  /** For the whole conversation; a minute, well below the lease of the job that waits for it. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 60 * SECOND_MS
/** For the connection, the greeting, and each answer. */
const STEP_MS = 20 * SECOND_MS
const PORTS: Readonly<Record<string, number>> = { 'smtps:': 465, 'smtp:': 587 }

/**
 * Sends letters through one mail server. Its address is checked as that of every call of the hub's, when connecting. Without TLS
 * nothing is sent, unless the server is on this very machine.
 */
export const openSmtp = (options: SmtpOptions): Mailer => ({
  send: async (mail) => {
    const server = new URL(options.url)
    const hostname = server.hostname.replace(/^\[|\]$/g, '')
    const until = performance.now() + (options.timeoutMs ?? TIMEOUT_MS)
    const found = await allowedAddress(hostname, options)
    if ('why' in found) return { kind: 'later', why: found.why }
    const raw = await written(mail, options.from)
    const letter = { envelope: { from: options.from, to: [mail.to] }, raw, until }
    return converse(server, hostname, found.address, options, letter)
  },
})

type Letter = {
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
  readonly raw: Buffer
  /** On the clock of `performance`. */
  readonly until: number
}

const converse = async (
  server: URL,
  hostname: string,
  address: string,
  { authorities }: SmtpOptions,
  { envelope, raw, until }: Letter,
): Promise<Sent> => {
  const here = isLoopback(address)
  const socket = new Socket()
  const transport = createTransport({
    host: address,
    port: server.port === '' ? (PORTS[server.protocol] ?? 587) : Number(server.port),
    secure: server.protocol === 'smtps:',
    requireTLS: !here,
    ignoreTLS: here,
    socket,
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    ...(isIP(hostname) > 0 ? {} : { servername: hostname }),
    // Whatever the environment says of certificates.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(authorities ? { ca: [...authorities] } : {}) },
    ...(server.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }),
  })
  const tooLong = setTimeout(
    () => socket.destroy(new Error('the mail server takes too long')),
    Math.max(0, until - performance.now()),
  )
  try {
    await transport.sendMail({ envelope: { from: envelope.from, to: [...envelope.to] }, raw })
    return { kind: 'sent' }
  } catch (fault) {
    return outcomeOf(fault)
  } finally {
    clearTimeout(tooLong)
    transport.close()
    socket.destroy()
  }
}

/** RFC 5321 §4.2.1: 5yz is for good. Said to a sender or a password it is a setting of ours, which can be mended; said to the person or the letter it is not. */
const outcomeOf = (fault: unknown): Sent => {
  const told = typeof fault === 'object' && fault !== null ? new Map<string, unknown>(Object.entries(fault)) : new Map()
  const [code, step, reply] = [told.get('responseCode'), told.get('command'), told.get('code')]
  // Never the server's own words: they repeat the person's address.
  const why = [reply, step, code].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ')
  const forGood = typeof code === 'number' && code >= 500 && (step === 'RCPT TO' || step === 'DATA')
  return { kind: forGood ? 'refused' : 'later', why: why === '' ? 'no answer' : why }
}

const allowedAddress = async (
  hostname: string,
  { policy, resolve = lookup, timeoutMs = TIMEOUT_MS }: SmtpOptions,
): Promise<{ readonly address: string } | { readonly why: string }> => {
  const addresses = isIP(hostname) > 0 ? [hostname] : await resolved(hostname, resolve, timeoutMs)
  const refusals = addresses.map((address) => refusalOf(address, 'https', policy))
  const address = addresses.find((_, place) => refusals[place] === undefined)
  return address === undefined ? { why: `${hostname}: ${refusals[0] ?? 'has no address'}` } : { address }
}

/** None where nobody says in time: a system's resolver may try for longer than the job that waits for it is leased. */
const resolved = (hostname: string, resolve: LookupFunction, timeoutMs: number): Promise<readonly string[]> =>
  new Promise((settle) => {
    const tooLong = setTimeout(() => settle([]), timeoutMs)
    const wanted: LookupOptions = { all: true }
    resolve(hostname, wanted, (fault, found: string | LookupAddress[]) => {
      clearTimeout(tooLong)
      if (fault || typeof found === 'string') settle([])
      else settle(found.map(({ address }) => address))
    })
  })
