import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIP, type LookupFunction, type Server } from 'node:net'
import { type OutboundPolicy, parseNetwork } from '../../src/platform/http/addresses.ts'
import { type Authority, openAuthority } from './certificates.ts'

/** This machine, on every address it has: servers that would answer what must not reach them, and say what did. */
export type Machine = {
  readonly http: number
  /** Of `bank.example`, `localhost` and this machine's numbers, by an authority that only tests trust. */
  readonly https: number
  readonly authority: Authority
  /** Connections, and requests as `https bank.example:1234 /path`; emptied by whoever reads them. */
  readonly reached: string[]
  /** To which of its addresses the connections were made, one for each. */
  readonly met: string[]
  stop(): Promise<void>
}

export const startMachine = async (): Promise<Machine> => {
  const authority = openAuthority()
  const names = ['DNS:bank.example', 'DNS:localhost', 'IP:127.0.0.1', 'IP:0.0.0.0'].join(',')
  const { certificate, privateKey } = authority.issue({ name: 'bank', subjectAltName: names })
  const reached: string[] = []
  const met: string[] = []
  const http = createServer((request, response) => {
    reached.push(`http ${request.headers.host} ${request.url}`)
    response.end('here')
  })
  const https = createTlsServer({ cert: certificate, key: privateKey }, (request, response) => {
    reached.push(`https ${request.headers.host} ${request.url}`)
    response.end('here')
  })
  for (const server of [http, https])
    server.on('connection', ({ localAddress }) => {
      reached.push('connection')
      met.push(localAddress?.replace('::ffff:', '') ?? '')
    })
  const machine = { http: await listenOn(http, 'anywhere'), https: await listenOn(https, 'anywhere') }
  const stop = async () => {
    authority.stop()
    await Promise.all([http, https].map((server) => new Promise((closed) => server.close(closed))))
  }
  return { ...machine, authority, reached, met, stop }
}

/** The port it got. */
export const listenOn = async (server: Server, where: 'loopback' | 'anywhere' = 'loopback'): Promise<number> => {
  const host = where === 'loopback' ? { host: '127.0.0.1' } : {}
  await new Promise<void>((ready) => server.listen({ port: 0, ...host }, ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Every name means these addresses. */
export const meaning =
  (...addresses: readonly string[]): LookupFunction =>
  (_name, _wanted, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    )

export const live: OutboundPolicy = { testMode: false, allowedNetworks: [] }
export const testMode: OutboundPolicy = { testMode: true, allowedNetworks: [] }

/** A live hub whose operator names these networks. */
export const naming = (...networks: readonly string[]): OutboundPolicy => ({
  testMode: false,
  allowedNetworks: networks.map((text) => {
    const parsed = parseNetwork(text)
    if (!parsed.ok) throw new Error(parsed.error)
    return parsed.value
  }),
})
