import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

/**
 * What stands in front of two hubs: requests go to each in turn, and past one that takes no connection. A request that a hub took is never
 * sent again: whoever cannot say what became of it tells the caller so, and that is a failure here.
 */
export type Balancer = {
  readonly root: string
  /** By port: how many answers it gave. */
  readonly answered: ReadonlyMap<number, number>
  readonly counts: Counts
  add(port: number): void
  remove(port: number): void
  stop(): Promise<void>
}

export type Counts = {
  requests: number
  /** Not taken by one hub, and given to the other. */
  passedOn: number
  /** Answered 500 or more, or not at all: what a caller sees as a failure. */
  readonly failed: string[]
  longestMs: number
}

const HOST = '127.0.0.1'

export const startBalancer = async (): Promise<Balancer> => {
  const ports: number[] = []
  const answered = new Map<number, number>()
  const counts: Counts = { requests: 0, passedOn: 0, failed: [], longestMs: 0 }

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
    const onward = request({ host: HOST, port, agent: false, method, path: url, headers })
    let refused = false
    onward.on('response', (answer) => {
      answered.set(port, (answered.get(port) ?? 0) + 1)
      if ((answer.statusCode ?? 500) >= 500) counts.failed.push(`${method} ${url?.split('?')[0]}: ${answer.statusCode}`)
      response.writeHead(answer.statusCode ?? 502, answer.headers)
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
    counts,
    add: (port) => void ports.push(port),
    remove: (port) => void ports.splice(ports.indexOf(port), 1),
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections()),
  }
}
