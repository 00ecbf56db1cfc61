import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { afterEach, beforeEach } from 'vitest'
import { newId } from '../../src/kernel/ids.ts'
import { type Instant, systemClock } from '../../src/kernel/time.ts'
import { type HubEvent, type NoticesModule, openNotices } from '../../src/notices/index.ts'
import { openSealer, type Sealer } from '../../src/platform/crypto/index.ts'
import { openClient } from '../../src/platform/http/client.ts'
import { openTasks } from '../../src/tasks/index.ts'
import { type FreshDatabase, freshDatabase } from './database.ts'

/** A hub that tells and e-services that listen, for the tests of notices. */

/** What came, as it came. */
export type Got = {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly id: string
  readonly payment: string
  readonly sequence: number
}
export type Script = (got: Got, response: ServerResponse) => void
export type Receiver = { script: Script; readonly url: string; readonly got: readonly Got[] }

export const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

export const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Script =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

const ends: (() => unknown)[] = []

/** An e-service that listens on a port of its own and answers by a script that may be changed. */
export const receiver = async (script: Script = answers(204)): Promise<Receiver> => {
  const got: Got[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const { sequence, data } = JSON.parse(body)
    const { 'webhook-id': id = '' } = headers
    const one: Got = { path: request.url ?? '', headers, body, id, payment: data.payment.id, sequence }
    got.push(one)
    listening.script(one, response)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const listening: Receiver = { script, url: `http://127.0.0.1:${address.port}`, got }
  return listening
}

/** Seals under the newest of these versions of the master key. */
export const sealerOf = (...versions: readonly number[]): Sealer => {
  // Throw-away keys.
  const byVersion = new Map(versions.map((version) => [version, new Uint8Array(32).fill(6 + version)]))
  return openSealer({ newest: Math.max(...versions), byVersion }, random)
}

export type NoticesWorld = {
  /** The time, moved by the test. */
  now: Instant
  db: FreshDatabase['db']
  /** One more process of the hub; with a master key of its own where the test changes it. */
  open(sealer?: Sealer): NoticesModule
  event(subject: string, sequence: number, more?: Partial<HubEvent>): HubEvent
  append(notices: NoticesModule, ...events: readonly HubEvent[]): Promise<void>
  setAddresses(notices: NoticesModule, urls: readonly string[], eService?: string): Promise<void>
}

/** A world for each test of the file, with a database of its own. */
export const noticesWorld = (): NoticesWorld => {
  let fresh: FreshDatabase
  beforeEach(async () => {
    fresh = await freshDatabase()
    world.now = systemClock.now()
    ends.push(() => fresh.drop())
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  const world: NoticesWorld = {
    now: 0,
    get db() {
      return fresh.db
    },
    open: (sealer = sealerOf(1)) => {
      const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
      const notices = openNotices({
        db: fresh.db,
        client,
        clock: { now: () => world.now },
        random,
        sealer,
        tasks: openTasks(random),
      })
      ends.push(async () => {
        await notices.stop(2_000)
        await client.close()
      })
      return notices
    },
    event: (subject, sequence, more = {}) => ({
      id: newId('evt', world.now, random),
      merchant: 'liepkalni',
      eService: 'property-tax',
      subject,
      sequence,
      type: 'payment.executed',
      at: world.now,
      data: { eService: more.eService ?? 'property-tax', payment: { id: subject } },
      ...more,
    }),
    append: (notices, ...events) => fresh.db.tx((tx) => notices.append(tx, events)),
    setAddresses: (notices, urls, eService = 'property-tax') =>
      fresh.db.tx((tx) => notices.setAddresses(tx, 'liepkalni', eService, urls, world.now)),
  }
  return world
}
