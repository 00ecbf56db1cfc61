import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'

export type Served = { readonly port: number; readonly root: string; close(): Promise<void> }

type Fetch = (request: Request) => Response | Promise<Response>

/**
 * Listens on loopback; `make` gets the address before the first request is answered, since a simulated bank must know its own.
 * Throws what `listen` throws, e.g. EADDRINUSE.
 */
export const serveOnLoopback = async (port: number, make: (root: string) => Fetch): Promise<Served> => {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, 'localhost', resolve)
  })
  const taken = portOf(server.address())
  const root = `http://localhost:${taken}`
  server.on('request', getRequestListener(make(root)))
  return {
    port: taken,
    root,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Simulated banks may be keeping silent on purpose; nobody waits for them here.
        server.closeAllConnections()
      }),
  }
}

const portOf = (address: AddressInfo | string | null): number =>
  address === null || typeof address === 'string' ? 0 : address.port
