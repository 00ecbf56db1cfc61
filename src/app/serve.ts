import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { SECOND_MS } from '../kernel/time.ts'

/** A listening hub. */
export type Listening = {
  readonly port: number
  /** Takes no more connections, lets running requests end, at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** `peer` is the address that connected. */
type Fetch = (request: Request, peer: string) => Response | Promise<Response>

/** Slow or silent clients are let go; bodies are a few kB. */
const HEADERS_TIMEOUT_MS = 10 * SECOND_MS
const REQUEST_TIMEOUT_MS = 30 * SECOND_MS
const KEEP_ALIVE_MS = 65 * SECOND_MS

/** For a server of Node or Express: `createServer(nodeListener(hub.fetch))`, `app.use('/payments', nodeListener(hub.fetch))`. */
export const nodeListener =
  (fetch: Fetch) =>
  (incoming: IncomingMessage, response: ServerResponse): void => {
    const peer = incoming.socket.remoteAddress ?? ''
    void getRequestListener((request: Request) => fetch(request, peer))(incoming, response)
  }

/** Throws what `listen` throws, e.g. `EADDRINUSE`. Port 0: any free one. `host` absent: every address of the machine. */
export const listen = async (fetch: Fetch, port: number, host?: string): Promise<Listening> => {
  const server = createServer(nodeListener(fetch))
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { port: portOf(server, port), close: (graceMs) => closeServer(server, graceMs) }
}

const portOf = (server: Server, asked: number): number => {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : asked
}

const closeServer = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
