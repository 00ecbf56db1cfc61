import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenOn } from '../../support/outward.ts'

/** What the hub asked of the bank. */
export type Asked = { readonly method: string; readonly path: string }

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What comes to the hub in place of an answer. */
export type Bent =
  | ({ readonly kind: 'answer' } & Answer)
  /** Written as they are, and the connection ends. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/** How a line is bent: whether the bank hears of the call at all, and what becomes of its answer. */
export type Bending = {
  heard(asked: Asked): boolean
  bend(asked: Asked, answer: Answer): Bent
}

/** A line between the hub and a bank that somebody, or something, has bent. */
export type CrookedLine = {
  readonly root: string
  leadTo(bankRoot: string): void
  /** Undefined: everything comes as it was sent. */
  bendBy(bending: Bending | undefined): void
  stop(): Promise<void>
}

export const startCrookedLine = async (): Promise<CrookedLine> => {
  let target = ''
  let bending: Bending | undefined
  const carry = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = { method: request.method ?? '', path: request.url ?? '' }
    const { authorization = '' } = request.headers
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    if (bending && !bending.heard(asked)) return void request.socket.destroy()
    const got = await fetch(target + asked.path, {
      method: asked.method,
      headers: { authorization, 'content-type': 'application/json' },
      body: asked.method === 'GET' ? null : Buffer.concat(chunks),
    })
    const answer: Answer = {
      status: got.status,
      headers: { 'content-type': got.headers.get('content-type') ?? '' },
      body: new Uint8Array(await got.arrayBuffer()),
    }
    const bent = bending?.bend(asked, answer) ?? { kind: 'answer', ...answer }
    if (bent.kind === 'bytes') return void request.socket.end(bent.bytes)
    response.writeHead(bent.status, { ...bent.headers, 'content-length': bent.body.length }).end(bent.body)
  }
  const server = createServer((request, response) => {
    // The bank is away where it does not answer the line.
    carry(request, response).catch(() => request.socket.destroy())
  })
  const port = await listenOn(server)
  return {
    root: `http://localhost:${port}`,
    leadTo: (bankRoot) => {
      target = bankRoot
    },
    bendBy: (next) => {
      bending = next
    },
    stop: () => new Promise((closed) => server.close(() => closed()) && server.closeAllConnections()),
  }
}
