import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * What stands in front of two hubs and keeps connections to them, as proxies do: requests go to each in turn, and past one that takes no
 * connection. A request that a hub took is never sent again: whoever cannot say what became of it tells the caller so, and that is a
 * failure here.
 */
export type Balancer = {
  readonly root: string
  /** By port: how many answers it gave. */
  readonly answered: ReadonlyMap<number, number>
  /** By what was asked for – a payment's page, an attempt's messages – who answered it below 400. */
  readonly answeredWell: ReadonlyMap<string, ReadonlySet<number>>
  readonly counts: Counts
  add(port: number): void
  remove(port: number): void
  /** Adds it once its `/readyz` answers 200, and removes it whenever that says something else. */
  follow(port: number): void
  has(port: number): boolean
  stop(): Promise<void>
}

export type Counts = {
  requests: number
  /** Not taken by one hub, and given to the other. */
  passedOn: number
  /** Answered 500 or more, or not at all: what a caller sees as a failure. */
  readonly failed: string[]
  /** Answered 400 or more and below 500: whether rightly is for who knows what was asked. */
  readonly turnedAway: TurnedAway[]
  longestMs: number
}

export type TurnedAway = { readonly method: string; readonly path: string; readonly status: number }

const HOST = '127.0.0.1'
const LOOK_EVERY_MS = 100

export const startBalancer = async (): Promise<Balancer> => {
  const ports: number[] = []
  const answered = new Map<number, number>()
  const answeredWell = new Map<string, Set<number>>()
  const counts: Counts = { requests: 0, passedOn: 0, failed: [], turnedAway: [], longestMs: 0 }
  const agent = new Agent({ keepAlive: true })
  const over = new AbortController()

  const fail = (incoming: IncomingMessage, response: ServerResponse, why: string): void => {
    counts.failed.push(`${incoming.method} ${incoming.url?.split('?')[0]}: ${why}`)
    response.writeHead(502).end()
  }
  const carry = (
    incoming: IncomingMessage,
    body: Uint8Array,
    response: ServerResponse,
    left: readonly number[],
  ): void => {
    const [port, ...others] = left
    if (port === undefined) {
      fail(incoming, response, 'no hub took it')
      return
    }
    const { method, url, headers } = incoming
    const onward = request({ host: HOST, port, agent, method, path: url, headers: passed(headers) })
    let refused = false
    onward.on('response', (answer) => {
      const { statusCode: status = 502 } = answer
      const [path = ''] = (url ?? '').split('?')
      answered.set(port, (answered.get(port) ?? 0) + 1)
      if (status >= 500) counts.failed.push(`${method} ${path}: ${status}`)
      else if (status >= 400) counts.turnedAway.push({ method: method ?? '', path, status })
      else noteWell(answeredWell, path, port)
      response.writeHead(status, passed(answer.headers))
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    onward.on('error', (fault) => {
      refused = 'code' in fault && fault.code === 'ECONNREFUSED'
      if (refused) counts.passedOn++
      if (refused) carry(incoming, body, response, others)
      else if (!response.headersSent) fail(incoming, response, fault.message)
    })
    onward.end(body)
  }

  const add = (port: number): void => void ports.push(port)
  const remove = (port: number): void => {
    if (ports.includes(port)) ports.splice(ports.indexOf(port), 1)
  }
  const follow = async (port: number): Promise<void> => {
    while (!over.signal.aborted) {
      const ready = await isReady(port)
      if (ready && !ports.includes(port)) add(port)
      if (!ready) remove(port)
      await pause(LOOK_EVERY_MS)
    }
  }

  const server = createServer((incoming, response) => {
    const since = performance.now()
    const chunks: Buffer[] = []
    counts.requests++
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', () => response.destroy())
    incoming.on('end', () => {
      const first = counts.requests % Math.max(1, ports.length)
      carry(incoming, Buffer.concat(chunks), response, [...ports.slice(first), ...ports.slice(0, first)])
    })
    response.on('close', () => {
      counts.longestMs = Math.max(counts.longestMs, performance.now() - since)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  return {
    root: `http://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    answered,
    answeredWell,
    counts,
    add,
    remove,
    follow: (port) => void follow(port),
    has: (port) => ports.includes(port),
    stop: () => {
      over.abort()
      agent.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections())
    },
  }
}

/** A payment's page, or the messages about one attempt. */
const ASKED_FOR = /^\/(?:pay\/[0-9a-z]{32}|psp\/.*\/att_[0-9a-z]{26})(?=\/|$)/

const noteWell = (answeredWell: Map<string, Set<number>>, path: string, port: number): void => {
  const [what] = ASKED_FOR.exec(path) ?? []
  if (what === undefined) return
  answeredWell.set(what, (answeredWell.get(what) ?? new Set()).add(port))
}

/** What speaks of one connection is not passed on to the next (RFC 9110 §7.6.1). */
const passed = ({ connection: _own, 'keep-alive': _time, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders =>
  headers

export const isReady = (port: number): Promise<boolean> =>
  fetch(`http://${HOST}:${port}/readyz`, { headers: { connection: 'close' } }).then(
    ({ ok }) => ok,
    () => false,
  )
