import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** One public address for several hubs, as a load balancer gives it: connections go round, and past those that are dead. */
export type Balancer = {
  readonly port: number
  stop(): Promise<void>
}

type Backend = { readonly port: number; isUp: boolean; readonly open: Set<Socket> }

const CHECK_EVERY_MS = 300
/** A process that is only busy answers by then; one that is frozen does not. */
const CHECK_TIMEOUT_MS = 3_000
const HOST = 'localhost'

/** Listens at once; what comes before any hub listens is cut off. */
export const startBalancer = async (ports: readonly number[]): Promise<Balancer> => {
  const backends = ports.map((port): Backend => ({ port, isUp: true, open: new Set() }))
  const clients = new Set<Socket>()
  let turn = 0
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    clients.add(client)
    client.on('error', () => {}).once('close', () => clients.delete(client))
    turn = (turn + 1) % backends.length
    const order = [...backends.slice(turn), ...backends.slice(0, turn)]
    carry(client, [...order.filter(({ isUp }) => isUp), ...order.filter(({ isUp }) => !isUp)])
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  let over = false
  for (const backend of backends) void watch(backend, () => over)
  return {
    port: portOf(server),
    stop: () => {
      over = true
      for (const client of clients) client.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Port of a listening server. */
export const portOf = (server: Server): number => {
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('it does not listen on a port')
  return address.port
}

/** To the first that takes the connection. */
const carry = (client: Socket, [backend, ...others]: readonly Backend[]): void => {
  if (!backend || client.destroyed) {
    client.destroy()
    return
  }
  const upstream = connect({ port: backend.port, host: HOST, noDelay: true })
  const tryOthers = (): void => carry(client, others)
  upstream.once('error', tryOthers)
  upstream.once('connect', () => {
    backend.open.add(upstream)
    upstream.off('error', tryOthers).on('error', () => {})
    upstream.once('close', () => {
      backend.open.delete(upstream)
      client.destroy()
    })
    client.once('close', () => upstream.destroy())
    upstream.pipe(client)
    client.pipe(upstream)
  })
}

/** Like any health check: who does not answer gets nothing more, and what it had is cut off. */
const watch = async (backend: Backend, isOver: () => boolean): Promise<void> => {
  while (!isOver()) {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS)
    backend.isUp = await fetch(`http://${HOST}:${backend.port}/healthz`, { signal }).then(
      ({ ok, body }) => {
        void body?.cancel()
        return ok
      },
      () => false,
    )
    if (!backend.isUp) for (const socket of backend.open) socket.destroy()
    await pause(CHECK_EVERY_MS)
  }
}
