import { createServer as createTcpServer, type LookupFunction, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Behaviour, reset, startBreakingServer } from '../../../test/support/breaking-server.ts'
import { type Authority, openAuthority } from '../../../test/support/certificates.ts'
import { listenOn, meaning, testMode } from '../../../test/support/outward.ts'
import { type ClientOptions, type HttpClient, type OutboundRequest, type Outcome, openClient } from './client.ts'

/** The three outcomes of a call, held against what the server knows: what was said not to be sent must not have reached it. */
let authority: Authority
const ends: (() => unknown)[] = []
beforeAll(() => {
  authority = openAuthority()
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
afterAll(() => authority.stop())

const open = (options: Partial<ClientOptions> = {}): HttpClient => {
  const client = openClient({
    policy: testMode,
    resolve: meaning('127.0.0.1'),
    authorities: [authority.certificate],
    ...options,
  })
  ends.unshift(() => client.close())
  return client
}
const order = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'text/plain' },
  body: 'pay 12.34',
  timeoutMs: 10_000,
  maxBytes: 10_000,
  ...more,
})

const serve = async (behaviour: Behaviour, scheme: 'http' | 'https' = 'http') => {
  const pair = scheme === 'https' ? authority.issue({ name: 'bank', subjectAltName: 'DNS:bank.example' }) : undefined
  const server = await startBreakingServer(behaviour, pair)
  ends.push(server.stop)
  return { ...server, url: `${scheme}://bank.example:${server.port}/pay` }
}

const says = (text: string) => (socket: Socket) => void socket.write(text, 'latin1')
const saysAndEnds = (text: string) => (socket: Socket) => void socket.end(text, 'latin1')
/** Resets once the words have left, so that they are not taken back with the connection. */
const saysAndResets = (text: string) => (socket: Socket) =>
  void socket.write(text, 'latin1', () => setImmediate(() => reset(socket)))

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n'
const WHOLE = `${OK}Content-Length: 4\r\n\r\npaid`

type Stage = readonly [stage: string, behaviour: Behaviour, outcome: Outcome['kind']]
type Answering = readonly [what: string, onRequest: (socket: Socket) => void, outcome: Outcome['kind']]

const WHEN_ANSWERING: readonly Answering[] = [
  ['nothing, and ends', (socket) => void socket.end(), 'unknown'],
  ['nothing, and resets', reset, 'unknown'],
  ['half a status line', saysAndEnds('HTTP/1.'), 'unknown'],
  ['a status line alone', saysAndEnds(OK), 'unknown'],
  ['half its headers', saysAndEnds(`${OK}Content-Length: 4\r\n`), 'unknown'],
  ['headers without the body', saysAndEnds(`${OK}Content-Length: 4\r\n\r\n`), 'unknown'],
  ['half the body', saysAndEnds(`${OK}Content-Length: 4\r\n\r\npa`), 'unknown'],
  ['half the body, and resets', saysAndResets(`${OK}Content-Length: 4\r\n\r\npa`), 'unknown'],
  ['chunks without the last one', saysAndEnds(`${OK}Transfer-Encoding: chunked\r\n\r\n4\r\npaid\r\n`), 'unknown'],
  ['a chunk that is no number', saysAndEnds(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\npaid\r\n`), 'unknown'],
  ['a chunk too long', saysAndEnds(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\npaid\r\n0\r\n\r\n`), 'unknown'],
  [
    'half the body, the last of the connection',
    saysAndEnds(`${OK}Connection: close\r\nContent-Length: 4\r\n\r\npa`),
    'unknown',
  ],
  [
    'half the chunks, the last of the connection',
    saysAndEnds(`${OK}Connection: close\r\n${CHUNKED}4\r\npaid\r\n`),
    'unknown',
  ],
  ['half the chunks, and resets', saysAndResets(`${OK}Connection: close\r\n${CHUNKED}4\r\npaid\r\n`), 'unknown'],
  ['a body of no stated length', saysAndEnds(`${OK}\r\npaid`), 'unknown'],
  ['an HTTP/1.0 body of no stated length', saysAndEnds('HTTP/1.0 200 OK\r\n\r\npaid'), 'unknown'],
  ['a packed body of no stated length', saysAndEnds(`${OK}Transfer-Encoding: gzip\r\n\r\npaid`), 'unknown'],
  ['a body of no stated length, and resets', saysAndResets(`${OK}\r\npa`), 'unknown'],
  ['two lengths', saysAndEnds(`${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\npaid`), 'unknown'],
  [
    'a length and chunks',
    saysAndEnds(`${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    'unknown',
  ],
  ['a length that is no number', saysAndEnds(`${OK}Content-Length: -4\r\n\r\npaid`), 'unknown'],
  ['a header with a NUL', saysAndEnds(`${OK}X-Note: a\0b\r\nContent-Length: 4\r\n\r\npaid`), 'unknown'],
  ['words that are not HTTP', saysAndEnds('Labdien!\r\n\r\n'), 'unknown'],
  ['noise', saysAndEnds('\0\x01\x02\xff\xfe'.repeat(40)), 'unknown'],
  ['HTTP/2', saysAndEnds('\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80'), 'unknown'],
  ['a TLS alert', saysAndEnds('\x15\x03\x03\0\x02\x02\x28'), 'unknown'],
  ['a page of the time before headers', saysAndEnds('<html>paid</html>'), 'unknown'],
  ['headers for ever', (socket) => repeat(socket, 'X-More: more\r\n', OK), 'unknown'],
  [
    'a header that is too long',
    saysAndEnds(`${OK}X-Long: ${'x'.repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`),
    'unknown',
  ],
  ['a body for ever', (socket) => repeat(socket, 'paid', `${OK}\r\n`), 'unknown'],
  [
    'chunks for ever',
    (socket) => repeat(socket, '4\r\npaid\r\n', `${OK}Transfer-Encoding: chunked\r\n\r\n`),
    'unknown',
  ],
  ['what it should', says(WHOLE), 'answered'],
  ['what it should, and ends', saysAndEnds(WHOLE), 'answered'],
  ['early words first', says(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${WHOLE}`), 'answered'],
  ['in chunks', says(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\npa\r\n2\r\nid\r\n0\r\n\r\n`), 'answered'],
  ['as HTTP/1.0', saysAndEnds('HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\npaid'), 'answered'],
  ['a refusal', says('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'), 'answered'],
  ['no content', says('HTTP/1.1 204 No Content\r\n\r\n'), 'answered'],
]

/** What these say does not come to its end. */
const WAITING: readonly (readonly [what: string, onRequest: (socket: Socket) => void])[] = [
  ['nothing at all', () => {}],
  ['half a status line, and waits', says('HTTP/1.1 20')],
  ['headers without the body, and waits', says(`${OK}Content-Length: 4\r\n\r\n`)],
  ['half the body, and waits', says(`${OK}Content-Length: 4\r\n\r\npa`)],
  ['a change of protocol', says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')],
  ['early words for ever', (socket) => repeat(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')],
  ['a letter at a time', (socket) => repeat(socket, 'p', `${OK}Content-Length: 9999\r\n\r\n`, 20)],
]
/** Far more than a busy machine needs to send a request. */
const WAITED_MS = 2_000

/** Writes on until the other side has had enough. */
const repeat = (socket: Socket, text: string, first = '', everyMs = 0): void => {
  socket.write(first)
  const on = (): void => {
    if (socket.destroyed) return
    socket.write(text.repeat(everyMs > 0 ? 1 : 100))
    if (everyMs > 0) setTimeout(on, everyMs)
    else setImmediate(on)
  }
  on()
}

const STAGES: readonly Stage[] = [
  ['reset at the first bytes', { onBytes: reset }, 'unknown'],
  ['ended at the first bytes', { onBytes: (socket) => void socket.end() }, 'unknown'],
  ...WHEN_ANSWERING.map(([what, onRequest, outcome]): Stage => [`answered by ${what}`, { onRequest }, outcome]),
]

describe.each(['http', 'https'] as const)('a request over %s', (scheme) => {
  const attempt = async (behaviour: Behaviour, timeoutMs: number) => {
    const server = await serve(behaviour, scheme)
    const { kind } = await open().send(order(server.url, { timeoutMs }))
    // Of nothing that left is it said that it did not; and what may have acted was not tried a second time.
    return { kind, connections: server.heard.filter((text) => text !== '').length, again: server.whole() > 1 }
  }

  it.each(STAGES)('%s', async (_, behaviour, kind) => {
    expect(await attempt(behaviour, 10_000)).toEqual({ kind, connections: 1, again: false })
  })

  it('answered by what never comes to its end: unknown', async () => {
    const came = await Promise.all(
      WAITING.map(async ([what, onRequest]) => ({ what, ...(await attempt({ onRequest }, WAITED_MS)) })),
    )
    expect(came).toEqual(WAITING.map(([what]) => ({ what, kind: 'unknown', connections: 1, again: false })))
  })
})

describe('before anything has left', () => {
  /** What stands where a bank should, below HTTP. */
  const rude = async (onConnection: (socket: Socket) => void): Promise<string> => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      ends.unshift(() => socket.destroy())
      onConnection(socket)
    })
    ends.push(() => new Promise((closed) => server.close(closed)))
    return `https://bank.example:${await listenOn(server)}/pay`
  }
  const answering = (found: Parameters<Parameters<LookupFunction>[2]>): LookupFunction => {
    return (_name, _wanted, callback) => callback(...found)
  }

  it.each<[string, LookupFunction]>([
    ['is not known', answering([new Error('getaddrinfo ENOTFOUND'), []])],
    ['has no address', answering([null, []])],
    ['is of another machine’s making', answering([null, [{ address: '127.0.0.1/..', family: 4 }]])],
    ['is never told', () => {}],
  ])('a name that %s', async (_, resolve) => {
    const outcome = await open({ resolve }).send(order('https://bank.example/pay', { timeoutMs: 300 }))
    expect(outcome.kind).toBe('not_sent')
  })

  it('a port where nobody listens', async () => {
    const server = createTcpServer()
    const port = await listenOn(server)
    await new Promise((closed) => server.close(closed))
    for (const scheme of ['http', 'https'])
      expect((await open().send(order(`${scheme}://bank.example:${port}/`))).kind).toBe('not_sent')
  })

  it.each<[string, (socket: Socket) => void]>([
    ['ends at once', (socket) => void socket.end()],
    ['resets at once', (socket) => void socket.resetAndDestroy()],
    ['ends when TLS begins', (socket) => void socket.once('data', () => socket.end())],
    ['resets when TLS begins', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['never says a word of TLS', () => {}],
    ['speaks plain HTTP', (socket) => void socket.end(WHOLE)],
    ['speaks noise', (socket) => void socket.end('\x16\x03\x03\xff\xff'.repeat(50), 'latin1')],
    ['speaks TLS no further than its first half', (socket) => void socket.write('\x16\x03\x03\0\x7a\x02', 'latin1')],
    ['refuses TLS', (socket) => void socket.end('\x15\x03\x03\0\x02\x02\x28', 'latin1')],
  ])('a server that %s', async (_, onConnection) => {
    const url = await rude(onConnection)
    expect((await open().send(order(url, { timeoutMs: 300 }))).kind).toBe('not_sent')
  })

  it('over http a server that resets at once is not said to have answered', async () => {
    const server = await serve({ onConnection: reset })
    const outcome = await open().send(order(server.url))
    expect(['not_sent', 'unknown']).toContain(outcome.kind)
    expect(server.heard.join('')).toBe('')
  })

  it.each([
    ['TLSv1.2', 'not_sent'],
    // Here the server judges our certificate after we may speak.
    ['TLSv1.3', 'unknown'],
  ] as const)('a server of %s that wants another certificate of us: %s', async (version, kind) => {
    const { certificate: cert, privateKey: key } = authority.issue({ name: 'bank', subjectAltName: 'DNS:bank.example' })
    const heard: string[] = []
    const options = { cert, key, requestCert: true, minVersion: version, maxVersion: version }
    const server = createTlsServer(options, (socket) => socket.on('data', (bytes) => heard.push(bytes.toString())))
    server.on('tlsClientError', () => {})
    ends.push(() => new Promise((closed) => server.close(closed)))
    const url = `https://bank.example:${await listenOn(server)}/pay`
    expect((await open().send(order(url))).kind).toBe(kind)
    expect(heard).toEqual([])
  })

  it('a client that is closed, and one that is closed while it connects', async () => {
    const closed = open()
    await closed.close()
    expect((await closed.send(order('http://bank.example/'))).kind).toBe('not_sent')
    const closing = open({ resolve: () => {} })
    const sending = closing.send(order('http://bank.example/'))
    await closing.close()
    expect((await sending).kind).toBe('not_sent')
  })
})

describe('a kept connection', () => {
  const settled = () => new Promise(setImmediate)

  it.each(['POST', 'GET'] as const)(
    'that breaks under a %s is unknown, and it is not tried again on another',
    async (method) => {
      const server = await serve({
        onRequest: (socket, number) => (number === 1 ? says(WHOLE)(socket) : reset(socket)),
      })
      const client = open()
      const request: OutboundRequest = { method, url: server.url, headers: {}, timeoutMs: 10_000, maxBytes: 1_000 }
      expect((await client.send(request)).kind).toBe('answered')
      await settled()
      expect((await client.send(request)).kind).toBe('unknown')
      expect([server.heard.length, server.whole()]).toEqual([1, 2])
    },
  )

  it('that was ended meanwhile is followed by a new one', async () => {
    let last: Promise<unknown> = Promise.resolve()
    const server = await serve({
      onRequest: (socket) => {
        last = new Promise((closed) => socket.once('close', closed))
        socket.end(`${OK}Content-Length: 4\r\nConnection: close\r\n\r\npaid`)
      },
    })
    const client = open()
    for (let call = 0; call < 3; call++) {
      expect((await client.send(order(server.url))).kind).toBe('answered')
      await last
    }
    expect([server.heard.length, server.whole()]).toEqual([3, 3])
  })

  it('gives nobody the second of two answers', async () => {
    const forged = `${OK}Content-Length: 6\r\n\r\nforged`
    const server = await serve({
      onRequest: (socket, number) => says(number === 1 ? WHOLE + forged : WHOLE)(socket),
    })
    const client = open()
    for (let call = 0; call < 5; call++) {
      const outcome = await client.send(order(server.url))
      if (outcome.kind === 'answered') expect(Buffer.from(outcome.reply.body).toString()).toBe('paid')
      await settled()
    }
  })

  it('whose client is closed under a request leaves it unknown', async () => {
    const client = open()
    const server = await serve({ onRequest: () => void client.close() })
    expect((await client.send(order(server.url))).kind).toBe('unknown')
  })
})

describe('an answer that is packed', () => {
  it('is taken as its bytes: it grows to nothing', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    const head = `${OK}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`
    const server = await serve({ onRequest: says(head + bomb.toString('latin1')) })
    const outcome = await open().send(order(server.url, { maxBytes: 20_000 }))
    if (outcome.kind !== 'answered') throw new Error(outcome.why)
    expect(Buffer.from(outcome.reply.body).equals(bomb)).toBe(true)
    expect(server.heard.join('')).not.toMatch(/accept-encoding/i)
  })
})

describe('where only the beginning of an answer is wanted', () => {
  it.each([
    ['a body of no stated length', saysAndEnds(`${OK}\r\npaid`), 'paid'],
    ['a body for ever', (socket: Socket) => repeat(socket, 'paid', `${OK}\r\n`), 'paid'.repeat(5)],
  ])('%s is an answer', async (_, onRequest, body) => {
    const server = await serve({ onRequest })
    const outcome = await open().send(order(server.url, { maxBytes: 20, longAnswer: 'cut' }))
    if (outcome.kind !== 'answered') throw new Error(outcome.why)
    expect(Buffer.from(outcome.reply.body).toString()).toBe(body)
  })
})
