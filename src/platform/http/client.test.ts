import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type LookupFunction, type Socket, type Server as TcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type ClientOptions, type HttpClient, type OutboundRequest, openClient } from './client.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const serve = async (handler: RequestListener): Promise<string> => {
  const server = createServer(handler)
  return `http://127.0.0.1:${await listen(server)}`
}

const listen = async (server: TcpServer): Promise<number> => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()))
  ends.push(() => new Promise((closed) => server.close(closed)))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const open = (options: Partial<ClientOptions> = {}): HttpClient => {
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] }, ...options })
  ends.unshift(() => client.close())
  return client
}

const post = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'text/plain' },
  body: 'ping',
  timeoutMs: 5_000,
  maxBytes: 1_000,
  ...more,
})

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** Answers every name with these addresses, one more call later with the next ones. */
const names = (...answers: readonly (readonly string[])[]): LookupFunction => {
  let asked = 0
  return (_, __, callback) => {
    const found = answers[Math.min(asked++, answers.length - 1)] ?? []
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
}

describe('an answer', () => {
  it('comes whole: status, headers in lower case, bytes', async () => {
    const url = await serve(async (request, response) => {
      response.writeHead(201, { 'X-Seen': `${request.method} ${request.url} ${request.headers['content-type']}` })
      response.end(`pong ${await bodyOf(request)}`)
    })
    const outcome = await open().send(post(`${url}/a%20b?c=d`))
    if (outcome.kind !== 'answered') throw new Error(outcome.why)
    expect(outcome.reply.status).toBe(201)
    expect(outcome.reply.headers['x-seen']).toBe('POST /a%20b?c=d text/plain')
    expect(text(outcome.reply.body)).toBe('pong ping')
    expect(outcome.reply.tookMs).toBeGreaterThan(0)
  })

  it('is kept alive for the next request', async () => {
    const sockets = new Set<Socket>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      response.end()
    })
    const client = open()
    for (let call = 0; call < 20; call++) expect((await client.send(post(url))).kind).toBe('answered')
    // Two: an answer is given on before its socket is free again.
    expect(sockets.size).toBeLessThanOrEqual(2)
  })

  it('that redirects is given back, not followed', async () => {
    let calls = 0
    const url = await serve((_, response) => {
      calls++
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect(await open().send(post(url))).toMatchObject({ kind: 'answered', reply: { status: 302 } })
    expect(calls).toBe(1)
  })

  it('longer than the limit is unknown, or cut where only its beginning is wanted', async () => {
    const url = await serve((_, response) => void response.end('x'.repeat(100_000)))
    const client = open()
    expect(await client.send(post(url))).toEqual({ kind: 'unknown', why: 'the answer is longer than 1000 bytes' })
    const cut = await client.send(post(url, { longAnswer: 'cut' }))
    if (cut.kind !== 'answered') throw new Error(cut.why)
    expect(cut.reply.body).toHaveLength(1_000)
  })
})

describe('surely not sent', () => {
  it.each([
    ['ftp://127.0.0.1/', 'ftp: is not https'],
    ['not an address', 'is not an address'],
    ['http://user:word@127.0.0.1/', 'user name or password'],
    ['http://10.0.0.1/', 'plain http is for loopback'],
    ['https://10.0.0.1/', 'private'],
    ['https://[::ffff:10.0.0.1]/', 'private'],
    ['https://2852039166/', 'metadata'],
    ['https://0xa9.0xfe.0xa9.0xfe/', 'metadata'],
    ['https://192.168.1/', 'private'],
  ])('%s: %s', async (url, why) => {
    expect(await open().send(post(url))).toEqual({ kind: 'not_sent', why: expect.stringContaining(why) })
  })

  it('where nobody listens', async () => {
    const server = createTcpServer()
    const port = await listen(server)
    await ends.pop()?.()
    const outcome = await open().send(post(`http://127.0.0.1:${port}`))
    expect(outcome).toEqual({ kind: 'not_sent', why: expect.stringContaining('ECONNREFUSED') })
  })

  it('where the name does not resolve', async () => {
    const resolve: LookupFunction = (_, __, callback) => callback(new Error('getaddrinfo ENOTFOUND'), [])
    const outcome = await open({ resolve }).send(post('https://nowhere.example/'))
    expect(outcome).toEqual({ kind: 'not_sent', why: expect.stringContaining('ENOTFOUND') })
  })

  it('where the name leads to a closed network', async () => {
    const outcome = await open({ resolve: names(['192.168.0.7']) }).send(post('https://bank.example/'))
    expect(outcome).toEqual({ kind: 'not_sent', why: expect.stringContaining('bank.example: 192.168.0.7') })
  })

  it('where a name changes its answer between two connections', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { connection: 'close' }).end()
    })
    const client = open({ resolve: names(['127.0.0.1'], ['169.254.169.254']) })
    const named = url.replace('127.0.0.1', 'rebinding.example')
    expect((await client.send(post(named))).kind).toBe('answered')
    expect(await client.send(post(named))).toEqual({ kind: 'not_sent', why: expect.stringContaining('metadata') })
  })

  it('when no connection came about in time, and it is not sent later either', async () => {
    let reached = 0
    const url = await serve((_, response) => {
      reached++
      response.end()
    })
    const late: (() => void)[] = []
    const resolve: LookupFunction = (_, __, callback) => {
      late.push(() => callback(null, [{ address: '127.0.0.1', family: 4 }]))
    }
    const client = open({ resolve })
    const named = url.replace('127.0.0.1', 'slow.example')
    expect(await client.send(post(named, { timeoutMs: 50 }))).toEqual({
      kind: 'not_sent',
      why: 'no answer within 50 ms',
    })
    const next = client.send(post(named))
    for (const answer of late) answer()
    expect((await next).kind).toBe('answered')
    expect(reached).toBe(1)
  })

  it('when a header cannot be written', async () => {
    const url = await serve((_, response) => void response.end())
    const outcome = await open().send(post(url, { headers: { 'x-note': 'one\r\ntwo: 2' } }))
    expect(outcome.kind).toBe('not_sent')
  })
})

describe('unknown', () => {
  it.each<[string, RequestListener]>([
    ['the connection breaks before the answer', (request) => request.socket.destroy()],
    [
      'it breaks in the middle of the answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('half', () => request.socket.destroy())
      },
    ],
    ['the answer is not HTTP', (request) => void request.socket.end('bonjour\r\n\r\n')],
  ])('%s', async (_, handler) => {
    expect((await open().send(post(await serve(handler)))).kind).toBe('unknown')
  })

  it('the answer does not come, or not to its end, in time', async () => {
    const held: ServerResponse[] = []
    const url = await serve((request, response) => {
      held.push(response)
      if (request.url === '/half') response.writeHead(200).write('half')
    })
    const client = open()
    for (const path of ['/none', '/half']) {
      const outcome = await client.send(post(url + path, { timeoutMs: 100 }))
      expect(outcome).toEqual({ kind: 'unknown', why: 'no answer within 100 ms' })
    }
    for (const response of held) response.destroy()
  })
})
