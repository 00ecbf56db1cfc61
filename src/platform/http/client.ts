import { createHash } from 'node:crypto'
import { type LookupOptions, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { SECOND_MS } from '../../kernel/time.ts'
import { type OutboundPolicy, refusalOf } from './addresses.ts'

/**
 * The only way out of the hub. A call has three outcomes (rule R3 of the product): answered; surely not sent, which may be repeated
 * blindly; unknown, since bytes may have left. Redirects are answers, not followed.
 */
export type HttpClient = {
  /** Never throws for what the network does. */
  send(request: OutboundRequest): Promise<Outcome>
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export type OutboundRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** For everything: name, connection, answer to its last byte. */
  readonly timeoutMs: number
  /** Largest answer taken. */
  readonly maxBytes: number
  /** A longer answer, or one that may not be whole: `refuse` makes the outcome unknown (the default), `cut` keeps its beginning. */
  readonly longAnswer?: 'refuse' | 'cut'
  /** PEM, for mutual TLS. */
  readonly client?: ClientCertificate
}

export type ClientCertificate = { readonly certificate: string; readonly privateKey: string }

export type OutboundReply = {
  readonly status: number
  /** Names in lower case; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly tookMs: number
}

export type Outcome =
  | { readonly kind: 'answered'; readonly reply: OutboundReply }
  | { readonly kind: 'not_sent'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }

export type ClientOptions = {
  readonly policy: OutboundPolicy
  /** PEM of certification authorities that are trusted beside the well-known ones. */
  readonly authorities?: readonly string[]
  /** How names are resolved; the system's way by default. */
  readonly resolve?: LookupFunction
}

/** Establishing a connection, TLS included; a PSP or e-service that needs longer is away. */
const CONNECT_TIMEOUT_MS = 5 * SECOND_MS
/** Sockets per origin; more requests wait their turn within their own time limit. */
const CONNECTIONS_PER_ORIGIN = 128
/** Pools of client certificates kept; an agreement has one. */
const CERTIFICATES_KEPT = 256
/** Why a call failed is stored with it, and part of it may be the other side's own words. */
const WHY_CHARS = 300

export const openClient = (options: ClientOptions): HttpClient => {
  const plain = openAgent(options, undefined)
  const withCertificate = new Map<string, Agent>()

  const agentFor = (client: ClientCertificate | undefined): Agent => {
    if (!client) return plain
    const key = createHash('sha256')
      .update(JSON.stringify([client.certificate, client.privateKey]))
      .digest('base64')
    const known = withCertificate.get(key)
    if (known) return known
    const [oldest] = withCertificate
    if (oldest && withCertificate.size >= CERTIFICATES_KEPT) {
      withCertificate.delete(oldest[0])
      void oldest[1].close()
    }
    const made = openAgent(options, client)
    withCertificate.set(key, made)
    return made
  }

  return {
    send: async (request) => {
      const url = URL.canParse(request.url) ? new URL(request.url) : undefined
      if (!url) return notSent(`"${request.url}" is not an address`)
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return notSent(`${url.protocol} is not https`)
      if (url.username !== '' || url.password !== '') return notSent('an address must not hold a user name or password')
      // It would be the name for which the certificate is checked.
      if (Object.keys(request.headers).some((name) => name.toLowerCase() === 'host'))
        return notSent('the host is named by the address, not by a header')
      return dispatch(agentFor(request.client), url, request)
    },
    close: async () => {
      await Promise.all([plain, ...withCertificate.values()].map((agent) => agent.destroy()))
    },
  }
}

const notSent = (why: string): Outcome => ({ kind: 'not_sent', why: sentence(why) })

/** One line of printable text that PostgreSQL takes. */
const sentence = (why: string): string => {
  const printable = why.slice(0, WHY_CHARS).replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
  return why.length > WHY_CHARS ? `${printable}…` : printable
}

/**
 * One request. undici calls `onRequestStart` right before it writes to an established connection and lets it be aborted there: until
 * then nothing has left, and that alone tells `not_sent` from `unknown`.
 */
const dispatch = (agent: Agent, url: URL, request: OutboundRequest): Promise<Outcome> =>
  new Promise((settle) => {
    const began = performance.now()
    const chunks: Buffer[] = []
    let controller: Dispatcher.DispatchController | undefined
    let head: Pick<OutboundReply, 'status' | 'headers'> | undefined
    let size = 0
    let done = false

    const end = (outcome: Outcome): void => {
      if (done) return
      done = true
      clearTimeout(timer)
      settle(outcome)
    }
    const fault = (why: string): void => {
      end({ kind: controller ? 'unknown' : 'not_sent', why: sentence(why) })
      controller?.abort(new Error(why))
    }
    const answered = (): void => {
      if (!head) fault('the answer had no status')
      else if (request.longAnswer !== 'cut' && !saysWhereItEnds(head))
        fault('the answer does not say where it ends: it may have been cut off')
      else {
        const body = new Uint8Array(Buffer.concat(chunks))
        end({ kind: 'answered', reply: { ...head, body, tookMs: performance.now() - began } })
      }
    }
    const timer = setTimeout(() => fault(`no answer within ${request.timeoutMs} ms`), request.timeoutMs)

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (starting) => {
        if (done) starting.abort(new Error('given up before it was sent'))
        else controller = starting
      },
      onResponseStart: (_, status, headers) => {
        head = { status, headers: flatten(headers) }
      },
      onResponseData: (_, chunk) => {
        if (done) return
        size += chunk.length
        if (size <= request.maxBytes) return void chunks.push(chunk)
        if (request.longAnswer !== 'cut') return fault(`the answer is longer than ${request.maxBytes} bytes`)
        chunks.push(chunk.subarray(0, chunk.length - (size - request.maxBytes)))
        answered()
        controller?.abort(new Error('the rest of the answer is not wanted'))
      },
      onResponseEnd: () => answered(),
      onResponseError: (_, error) => fault(describe(error)),
    }
    const { method, headers, body = null } = request
    agent.dispatch({ origin: url.origin, path: url.pathname + url.search, method, headers, body }, handler)
  })

/**
 * By its length or by a last chunk (RFC 9112 §6.3). Ended by the end of the connection, a part looks like the whole, also over TLS:
 * Node does not tell a connection that was closed from one that was cut. What a bank says may not lose its last lines.
 */
const saysWhereItEnds = ({ status, headers }: Pick<OutboundReply, 'status' | 'headers'>): boolean =>
  status === 204 ||
  status === 304 ||
  headers['content-length'] !== undefined ||
  /\bchunked\s*$/i.test(headers['transfer-encoding'] ?? '')

const flatten = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )

/** Connection errors of several addresses come as one error without a message. */
const describe = (error: Error): string => {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  const said = inner instanceof Error ? inner.message : error.message
  return said === '' ? error.name : said
}

const openAgent = (options: ClientOptions, client: ClientCertificate | undefined): Agent => {
  const tls = {
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS say.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    ...(client ? { cert: client.certificate, key: client.privateKey } : {}),
    ...(options.authorities ? { ca: [...rootCertificates, ...options.authorities] } : {}),
  }
  const connectors = {
    http: buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guarded('http', options) }),
    https: buildConnector({ ...tls, timeout: CONNECT_TIMEOUT_MS, lookup: guarded('https', options) }),
  }
  return new Agent({
    connections: CONNECTIONS_PER_ORIGIN,
    // Time is limited by the request as a whole.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, callback) => {
      const scheme = target.protocol === 'http:' ? 'http' : 'https'
      // An address written as a number is not looked up.
      const refusal = isIP(target.hostname) > 0 ? refusalOf(target.hostname, scheme, options.policy) : undefined
      if (refusal === undefined) connectors[scheme](target, callback)
      else queueMicrotask(() => callback(new Error(refusal), null))
    },
  })
}

/** A look-up that gives only addresses which may be called; the connection is made to those and to no others. */
const guarded =
  (scheme: 'http' | 'https', { policy, resolve = lookup }: ClientOptions): LookupFunction =>
  (hostname, wanted: LookupOptions, callback) => {
    resolve(hostname, { ...wanted, all: true }, (error, found) => {
      if (error || typeof found === 'string') return callback(error ?? new Error(`${hostname} was not resolved`), [])
      const refusals = found.map(({ address }) => refusalOf(address, scheme, policy))
      const allowed = found.filter((_, place) => refusals[place] === undefined)
      const [first] = allowed
      if (!first) return callback(new Error(`${hostname}: ${refusals[0] ?? 'no address'}`), [])
      if (wanted.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
