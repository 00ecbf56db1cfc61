import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import type { Pair } from './certificates.ts'
import { listenOn } from './outward.ts'

/** A server that breaks where it is told to. It knows what of HTTP reached it: the truth that a caller's outcome is held against. */
export type BreakingServer = {
  readonly port: number
  /** Everything that was heard, of each connection. */
  readonly heard: readonly string[]
  /** Requests that came whole, headers and body. */
  readonly whole: () => number
  stop(): Promise<void>
}

/** What it does, by how far it has come with a connection. */
export type Behaviour = {
  readonly onConnection?: (socket: Socket) => void
  /** At the first bytes. */
  readonly onBytes?: (socket: Socket) => void
  /** When a request has come whole; its number in the life of this server, from 1. */
  readonly onRequest?: (socket: Socket, number: number) => void
}

export const startBreakingServer = async (behaviour: Behaviour, tls?: Pair): Promise<BreakingServer> => {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  let requests = 0
  const serve = (socket: Socket): void => {
    const place = heard.push('') - 1
    let begun = 0
    let seen = false
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    behaviour.onConnection?.(socket)
    socket.on('data', (bytes) => {
      const all = (heard[place] ?? '') + bytes.toString('latin1')
      heard[place] = all
      if (!seen) behaviour.onBytes?.(socket)
      seen = true
      for (let end = endOfRequest(all, begun); end !== undefined; end = endOfRequest(all, begun)) {
        begun = end
        requests += 1
        behaviour.onRequest?.(socket, requests)
      }
    })
  }
  const server = tls
    ? createTlsServer({ cert: tls.certificate, key: tls.privateKey }, serve).on('tlsClientError', () => {})
    : createServer(serve)
  server.on('connection', (socket: Socket) => socket.on('error', () => {}))
  return {
    port: await listenOn(server),
    heard,
    whole: () => requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** Breaks off without a word; below TLS there is no way to say so, and none is needed. */
export const reset = (socket: Socket): void => {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}

/** Where the request that begins there ends, if it has. */
const endOfRequest = (text: string, from: number): number | undefined => {
  const head = text.indexOf('\r\n\r\n', from)
  if (head < 0) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(from, head))?.[1] ?? '0'
  const end = head + 4 + Number(length)
  return end <= text.length ? end : undefined
}
