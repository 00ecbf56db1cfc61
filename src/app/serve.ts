import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { SECOND_MS } from '../kernel/time.ts'

/** A listening hub. */
export type Listening = {
  readonly port: number
  /** Takes requests as before, and each answer ends its connection: whoever keeps connections is sent to open the next elsewhere. */
  drain(): void
  /** Takes no more connections, lets running requests end, at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** `peer` is the address that connected. */
type Fetch = (request: Request, peer: string) => Response | Promise<Response>

/** Slow or silent clients are let go; bodies are a few kB. */
const HEADERS_TIMEOUT_MS = 10 * SECOND_MS
const REQUEST_TIMEOUT_MS = 30 * SECOND_MS
const KEEP_ALIVE_MS = 65 * SECOND_MS
/** Longer than any answer takes; who asks and does not read the answer is let go too, when this has passed twice: Node looks once whether bytes went. */
const STILL_SOCKET_MS = 30 * SECOND_MS
/** How exactly those are kept: Node looks every half minute unless it is told. */
const LOOK_FOR_SLOW_MS = SECOND_MS
/** All headers together; an answer to more is 431. A browser behind two proxies sends about 3 kB. */
const MAX_HEADER_BYTES = 16 * 1024
/** Of those that are read; the same browser sends about 30. */
const MAX_HEADERS = 200
/** About 10 kB each while they wait; one more is closed at once. */
const MAX_CONNECTIONS = 10_000

const LIMITS: ServerOptions = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: LOOK_FOR_SLOW_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
}

/** For a server of Node or Express: `createServer(nodeListener(hub.fetch))`, `app.use('/payments', nodeListener(hub.fetch))`. */
export const nodeListener =
  (fetch: Fetch) =>
  (incoming: IncomingMessage, response: ServerResponse): void => {
    // Two proxies could each believe another one (RFC 9112 §3.2).
    if ((incoming.headersDistinct.host?.length ?? 0) > 1) {
      response.writeHead(400, { connection: 'close' }).end()
      return
    }
    const peer = incoming.socket.remoteAddress ?? ''
    // A Host such as `1.2.3.4.5` passes the listener's own look and is yet no address.
    const answer = (request: Request) =>
      URL.canParse(request.url) ? fetch(request, peer) : new Response(null, { status: 400 })
    response.once('finish', () => throwAway(incoming))
    void getRequestListener(answer, { autoCleanupIncoming: false })(incoming, response)
  }

/**
 * What still comes of a body that nobody wanted is let pass for a moment, so that the answer is read; then the connection ends. The
 * listener's own way to do it can end a connection that is already serving another request.
 */
const throwAway = (incoming: IncomingMessage): void => {
  if (incoming.complete) return
  // Who began to read it has stopped, and would hold up what comes.
  incoming.removeAllListeners('data').resume()
  setTimeout(() => {
    if (!incoming.complete) incoming.socket.destroySoon()
  }, LET_PASS_MS).unref()
}
const LET_PASS_MS = SECOND_MS / 2

/** Throws what `listen` throws, e.g. `EADDRINUSE`. Port 0: any free one. `host` absent: every address of the machine. */
export const listen = async (fetch: Fetch, port: number, host?: string): Promise<Listening> => {
  const answer = nodeListener(fetch)
  const last = openLast()
  const server = createServer(LIMITS, (incoming, response) => {
    last.enter(response)
    answer(incoming, response)
  })
  server.timeout = STILL_SOCKET_MS
  server.maxHeadersCount = MAX_HEADERS
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: portOf(server, port),
    drain: last.begin,
    close: (graceMs) => {
      last.begin()
      return closeServer(server, graceMs)
    },
  }
}

const portOf = (server: Server, asked: number): number => {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : asked
}

/** Once begun, every answer whose head is not yet on its way is the last one of its connection (RFC 9112 §9.6). */
const openLast = () => {
  const running = new Set<ServerResponse>()
  let begun = false
  const mark = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close')
  }
  return {
    begin: (): void => {
      begun = true
      for (const response of running) mark(response)
    },
    enter: (response: ServerResponse): void => {
      if (begun) mark(response)
      running.add(response)
      response.once('close', () => running.delete(response))
    },
  }
}

/** Right after the sockets were read, so that a request which has come on a kept connection is under way, and not cut off as idle. */
const closeServer = async (server: Server, graceMs: number): Promise<void> => {
  await turn()
  await turn()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearTimeout(timer)
}
/** The first ends the turn that may be half over; in the next one every socket is read. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
