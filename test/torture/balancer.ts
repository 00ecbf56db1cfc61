import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** One public address for several hubs, as a load balancer gives it: connections go round, and past those that are dead. */
export type Balancer = {
  readonly port: number
  /** How many asked since `forget` and were answered well by whoever listens on this port. */
  answered(port: number): number
  /** Counts anew, by who asks from now on. */
  forget(port: number): void
  stop(): Promise<void>
}

type Backend = { readonly port: number; isUp: boolean; readonly open: Set<Socket>; answers: { count: number } }

const CHECK_EVERY_MS = 300
/** A process that is only busy answers by then; one that is frozen does not. */
const CHECK_TIMEOUT_MS = 3_000
const HOST = 'localhost'
const ANSWERED_WELL = /^HTTP\/1\.1 [23]/
/** Each asks on a connection of its own, so that who comes back has its share at once. */
const KEPT = Buffer.from('\r\nConnection: keep-alive\r\n')
const CLOSED = Buffer.from('\r\nConnection: close     \r\n')

/** Listens at once; what comes before any hub listens is cut off. */
export const startBalancer = async (ports: readonly number[]): Promise<Balancer> => {
  const backends = ports.map((port): Backend => ({ port, isUp: true, open: new Set(), answers: { count: 0 } }))
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
  const at = (port: number): Backend | undefined => backends.find((one) => one.port === port)
  return {
    port: portOf(server),
    answered: (port) => at(port)?.answers.count ?? 0,
    forget: (port) => {
      const backend = at(port)
      if (backend) backend.answers = { count: 0 }
    },
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
  const { answers } = backend
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
    upstream.once('data', (head: Buffer) => {
      if (ANSWERED_WELL.test(head.toString('latin1', 0, 16))) answers.count++
      const kept = head.indexOf(KEPT)
      if (kept !== -1) CLOSED.copy(head, kept)
    })
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
