import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { freePorts } from '../support/ports.ts'
import { type Chance, chanceFrom } from '../torture/chance.ts'

/** The notice addresses of many e-services, each on a port of its own, in as bad a state as the trade knows. */

/**
 * `refused`: nobody listens. `deaf`: connections are never accepted. `slow`: answers long after the hub has given up. `flapping`: 500
 * and 200 by turns. `gone`: 410. `busy`: wants a payment's first notice later, and says when.
 */
export const KINDS = ['healthy', 'refused', 'deaf', 'slow', 'flapping', 'gone', 'busy'] as const
export type Kind = (typeof KINDS)[number]

export type Address = { readonly eService: string; readonly kind: Kind; readonly url: string }

export type Addresses = {
  readonly all: readonly Address[]
  stop(): Promise<void>
}

export type Hear = (address: Address, request: IncomingMessage, body: Uint8Array) => Answer
export type Answer = { readonly status: number; readonly retryAfterS?: number }

const SLOW_MS = 30_000
/** Full after so many: the kernel then leaves further connections without an answer. */
const DEAF_QUEUE = 1

/** A tenth dead, half of them refusing and half deaf; a tenth slow; one in a hundred flapping, one at least; a handful gone, and busy. */
export const kindsOf = (count: number, seed: number): readonly Kind[] => {
  const dead = Math.round(count / 10)
  const refused = Math.floor(dead / 2)
  const share: Readonly<Record<Exclude<Kind, 'healthy'>, number>> = {
    refused,
    deaf: dead - refused,
    slow: Math.round(count / 10),
    flapping: Math.max(1, Math.round(count / 100)),
    gone: Math.max(2, Math.round(count / 200)),
    busy: Math.max(2, Math.round(count / 200)),
  }
  const bad = KINDS.flatMap((kind) => (kind === 'healthy' ? [] : Array<Kind>(share[kind]).fill(kind)))
  const kinds = [...bad, ...Array<Kind>(Math.max(0, count - bad.length)).fill('healthy')]
  return shuffled(kinds, chanceFrom(seed))
}

const shuffled = <Value>(values: readonly Value[], chance: Chance): readonly Value[] =>
  values
    .map((value) => ({ value, place: chance.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value)

export const openAddresses = async (count: number, seed: number, hear: Hear): Promise<Addresses> => {
  const kinds = kindsOf(count, seed)
  const of = (kind: Kind) => kinds.filter((one) => one === kind).length
  const deaf = await openDeaf(of('deaf'))
  const listening = await Promise.all(kinds.filter(serves).map(listen))
  // Only when all others have theirs: what is free now must stay free.
  const closed = await freePorts(of('refused'))
  const ports = {
    deaf: [...deaf.ports],
    refused: [...closed],
    serving: listening.map(({ port }) => port),
  }
  const all = kinds.map((kind, place): Address => {
    const port = (kind === 'deaf' || kind === 'refused' ? ports[kind] : ports.serving).shift()
    return {
      eService: `service-${String(place + 1).padStart(4, '0')}`,
      kind,
      url: `http://localhost:${port}/notices`,
    }
  })
  const answers = new Set<NodeJS.Timeout>()
  for (const [place, address] of all.filter(({ kind }) => serves(kind)).entries())
    listening[place]?.server.on('request', takenBy(address, hear, answers))
  return {
    all,
    stop: async () => {
      for (const timer of answers) clearTimeout(timer)
      await deaf.stop()
      for (const { server } of listening) server.closeAllConnections()
      await Promise.all(listening.map(({ server }) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

const serves = (kind: Kind): boolean => kind !== 'deaf' && kind !== 'refused'

const listen = async (): Promise<{ readonly server: Server; readonly port: number }> => {
  // Longer than the hub keeps a connection: whoever closes first while the other sends makes a retry of nobody's fault.
  const server = createServer({ keepAliveTimeout: 60_000 })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  return { server, port: typeof address === 'object' && address ? address.port : 0 }
}

const takenBy = (address: Address, hear: Hear, answers: Set<NodeJS.Timeout>) => {
  let turns = 0
  return (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = new Uint8Array(Buffer.concat(chunks))
      if (address.kind === 'slow') {
        const timer = setTimeout(() => {
          answers.delete(timer)
          response.writeHead(200).end()
        }, SLOW_MS)
        answers.add(timer)
        return
      }
      if (address.kind === 'flapping' && turns++ % 2 === 0) return void response.writeHead(500).end()
      const { status, retryAfterS } = hear(address, request, body)
      response.writeHead(status, retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }).end()
    })
  }
}

/** Runs where nothing else runs, and stops there: what listens is never served. */
const DEAF = `
  const { createServer } = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const ports = []
  const next = () => {
    if (ports.length === workerData.count) {
      parentPort.postMessage(ports)
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
      return
    }
    const server = createServer()
    server.listen({ port: 0, host: 'localhost', backlog: workerData.backlog }, () => {
      ports.push(server.address().port)
      next()
    })
  }
  next()`

/** Ports at which the kernel's queue of connections is full and nobody takes one out. */
const openDeaf = async (count: number): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }> => {
  const worker = new Worker(DEAF, { eval: true, workerData: { count, backlog: DEAF_QUEUE } })
  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const filling = ports.flatMap((port) => Array.from({ length: DEAF_QUEUE + 1 }, () => connected(port)))
  const sockets = await Promise.all(filling)
  return {
    ports,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await worker.terminate()
    },
  }
}

const connected = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: 'localhost' }, () => resolve(socket))
    socket.on('error', reject)
  })
