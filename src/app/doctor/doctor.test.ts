import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../../test/support/database.ts'
import { startTestHub, type TestHub } from '../../../test/support/hub.ts'
import { ordered, paidThrough } from '../../../test/support/story.ts'
import { execute, openTempFolder, urlOf } from '../../../test/support/test-server.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, systemClock } from '../../kernel/time.ts'
import type { Directory } from '../../merchants/index.ts'
import type { ServerState } from '../../platform/db/state.ts'
import { silentLog } from '../../platform/log.ts'
import { readConfig } from '../config.ts'
import { keepAheadMs } from '../kept-time.ts'
import { ofAddresses, ofSealed } from './configuration.ts'
import { ofMigrations, ofRoom, ofServers } from './database.ts'
import { examine } from './examine.ts'
import { ago, type Found } from './found.ts'
import { ofJobs, ofNotices } from './work.ts'

const told = (found: readonly Found[]) => found.map(({ severity, about, says }) => `${severity} ${about}: ${says}`)

const configOf = (environment: Readonly<Record<string, string>>) => {
  const config = readConfig(environment, 'test')
  if (!config.ok) throw new Error(config.error.join())
  return config.value
}

describe('what servers say of themselves', () => {
  const good: ServerState = {
    ...{ server: 'a:5432/cma', answers: true, version: 150_004, inRecovery: false, writable: true, skewMs: 900 },
    ...{ mostConnections: 100, careless: [] },
  }
  const standby: ServerState = { ...good, server: 'b:5432/cma', inRecovery: true, writable: false }
  const away: ServerState = { server: 'c:5432/cma', answers: false, why: 'ECONNREFUSED', refused: false }

  it.each<[what: string, states: readonly ServerState[], found: readonly RegExp[]]>([
    ['a primary and its standby', [good, standby], []],
    ['one of two away', [good, away], [/^warning database: c:5432\/cma does not answer \(ECONNREFUSED\)/]],
    ['nobody there', [away], [/^error database: c:5432\/cma does not answer .*: start it/]],
    ['standbys alone', [standby], [/^error database: no server may be written to: b:5432\/cma \(in recovery\)/]],
    ['a read-only primary', [{ ...good, writable: false }], [/^error database: no server may be written to: a:5432/]],
    [
      'a wrong password',
      [{ ...away, refused: true, why: 'password' }],
      [/^error .* check user, password and database/],
    ],
    ['an old one', [{ ...good, version: 140_012 }], [/^error database: a:5432\/cma is PostgreSQL 14: upgrade/]],
    ['a clock that is ahead', [{ ...good, skewMs: 2_100 }], [/^error clock: .* 2\.1 s ahead of .*NTP/]],
    ['a clock that is behind', [{ ...good, skewMs: -61_000 }], [/^error clock: .* 61\.0 s behind /]],
    [
      'too few connections',
      [{ ...good, mostConnections: 20 }],
      [/^warning .* takes 20 connections, and one process may want 20/],
    ],
    ['no fsync', [{ ...good, careless: ['fsync'] }], [/^error database: a:5432\/cma runs with fsync = off/]],
  ])('%s', (_, states, found) => {
    const all = told(ofServers(states, { mode: 'live', poolSize: 20 }))
    expect(all.length, all.join('\n')).toBe(found.length)
    for (const [place, pattern] of found.entries()) expect(all[place]).toMatch(pattern)
  })

  it('a careless server is no error in test mode', () => {
    expect(told(ofServers([{ ...good, careless: ['fsync'] }], { mode: 'test', poolSize: 20 }))[0]).toMatch(/^warning/)
  })
})

describe('what is judged without a database', () => {
  it('migrations that are missing, and those of a newer release', () => {
    expect(ofMigrations({ missing: [], newer: [] })).toEqual([])
    expect(told(ofMigrations({ missing: ['payments/0001_x', 'payments/0002_y'], newer: [] }))).toEqual([
      expect.stringMatching(/^error database: 2 changes .*payments\/0001_x …\): run ebizness migrate/),
    ])
    expect(told(ofMigrations({ missing: [], newer: ['tasks/0009_z'] }))[0]).toMatch(/^warning .*upgrade this install/)
  })

  it('room on the disk', () => {
    expect([ofRoom(3e9, 'x'), told(ofRoom(1e9, 'x')), told(ofRoom(1e8, 'x'))]).toEqual([
      [],
      [expect.stringMatching(/^warning disk: 953 MB left/)],
      [expect.stringMatching(/^error disk: 95 MB left/)],
    ])
  })

  it('keys that do not open, and those under an older master key', () => {
    const fine = { current: 4, older: 0, closed: 0 }
    expect(ofSealed({ agreements: fine })).toEqual([])
    expect(told(ofSealed({ agreements: { ...fine, closed: 1 }, 'return tokens': { ...fine, older: 2 } }))).toEqual([
      expect.stringMatching(/^error master key: 1 key of agreements cannot be opened: give/),
      expect.stringMatching(/^warning master key: 2 keys are still sealed .*ebizness keys rotate/),
    ])
  })

  it('addresses without TLS and of this machine, in live mode only', () => {
    const directory: Directory = {
      revision: 1,
      merchants: new Map(),
      agreements: new Map(
        [
          { id: 'plain', settings: { url: 'http://bank.example/link', senderId: 'X' }, retired: false },
          {
            id: 'good',
            settings: { url: 'https://bank.example', more: [{ deep: 'https://bank.example' }] },
            retired: false,
          },
          { id: 'deep', settings: { hosts: ['https://127.0.0.1:1'] }, retired: false },
          { id: 'over', settings: { url: 'http://localhost' }, retired: true },
        ].map((one) => [one.id, { ...one, merchant: 'm', channel: 'c', account: 'a', validFrom: 0, limits: {} }]),
      ),
      eServices: new Map(),
    }
    const found = (mode: 'test' | 'live') =>
      told(ofAddresses({ mode, publicUrl: 'https://localhost:8443' }, directory, new Map()))
    expect(found('test')).toEqual([])
    expect(found('live')).toEqual([
      expect.stringMatching(/^error EBIZNESS_PUBLIC_URL: .*is this machine itself/),
      expect.stringMatching(/^error agreement plain: http:\/\/bank\.example\/link is not https/),
      expect.stringMatching(/^error agreement deep: https:\/\/127\.0\.0\.1:1 is this machine itself/),
    ])
  })

  it('what waits too long, and not what waits a little', () => {
    const now = systemClock.now()
    const due = (ms: number) => ofJobs([{ kind: 'payments.act', due: 3, oldest: now - ms }], now)
    expect(due(MINUTE_MS)).toEqual([])
    expect(told(due(3 * HOUR_MS))).toEqual([
      expect.stringMatching(/^error jobs: 3 of the kind payments\.act .* 3 hours: /),
    ])
    const backlog = { unplaced: 0, waiting: 9, gaveUp: 0, oldest: now - MINUTE_MS }
    expect(ofNotices(backlog, [], now)).toEqual([])
    const late = { ...backlog, gaveUp: 1, oldest: now - 50 * HOUR_MS }
    expect(told(ofNotices(late, [], now))).toEqual([
      expect.stringMatching(/^warning notices: 9 not acknowledged, the oldest for 2 days/),
      expect.stringMatching(/^warning notices: 1 given up after 30 days: .*notices replay/),
    ])
    const stuck = { unplaced: 2, waiting: 0, gaveUp: 0, oldest: now - 5 * MINUTE_MS }
    expect(told(ofNotices(stuck, [], now))).toEqual([expect.stringMatching(/^error notices: 2 nobody has begun/)])
    expect([ago(MINUTE_MS), ago(119 * MINUTE_MS), ago(47 * HOUR_MS)]).toEqual(['1 minute', '119 minutes', '47 hours'])
  })
})

describe('an installation', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await startTestHub()
  })
  afterAll(() => hub.stop())

  const examined = async (environment: Readonly<Record<string, string>>, url = hub.database.url) => {
    const config = configOf({ DATABASE_URL: url, EBIZNESS_MASTER_KEY: hub.masterKey, ...environment })
    const { findings, ...rest } = await examine(config, silentLog, hub.clock)
    // The tests' own server is careless on purpose.
    return { ...rest, findings: told(findings.filter(({ says }) => !says.includes('fsync = off'))) }
  }

  it('that is well has nothing to tell, whatever was paid', async () => {
    await paidThrough(hub, 'sandbox', 'pay')
    expect(await examined({})).toEqual({
      looked: ['database', 'clock', 'master key', 'agreements', 'addresses', 'jobs', 'notices', 'tasks'],
      findings: [],
      databaseAway: false,
    })
  })

  it('is told what is wrong with it, each with what to do', async () => {
    hub.answerNotices(500)
    const order = await ordered(hub)
    await hub.api('POST', `/v1/payments/${order.id}/cancel`)
    for (let hour = 0; hour < 3; hour++) await hub.clock.advance(HOUR_MS)
    const { findings } = await examined({ EBIZNESS_MASTER_KEY: Buffer.alloc(32, 'other').toString('base64') })
    const all = findings.join('\n')
    for (const pattern of [
      /^error master key: \d+ keys of agreements cannot be opened/m,
      /^error master key: \d+ keys? of notice addresses cannot be opened/m,
      /^error agreement liepkalni-swedbank: .*does not open/m,
      /^warning notices: 1 not acknowledged, the oldest for \d hours/m,
      /^warning e-service property-tax: http\S+ does not acknowledge 1 notice, the oldest for \d hours/m,
    ])
      expect(all).toMatch(pattern)
  })

  it('goes by the time that the data have reached beside a moved clock', async () => {
    const folder = openTempFolder('ebizness-doctor-')
    keepAheadMs(folder, 10_000 * DAY_MS)
    const config = configOf({
      DATABASE_URL: hub.database.url,
      EBIZNESS_MASTER_KEY: hub.masterKey,
      EBIZNESS_DATA_DIR: folder,
    })
    const { findings } = await examine(config, silentLog)
    expect(told(findings).join('\n')).toMatch(/^warning notices: 1 not acknowledged, the oldest for \d{4,} days/m)
    rmSync(folder, { recursive: true })
  })

  it('in live mode has no test keys, no simulated bank and nothing of this machine', async () => {
    const { findings } = await examined({ EBIZNESS_MODE: 'live', EBIZNESS_PUBLIC_URL: 'https://pay.example' })
    const all = findings.join('\n')
    for (const pattern of [
      /^error agreement liepkalni-swedbank: .*is a test key that everybody knows/m,
      /^error agreement liepkalni-sandbox: .*sandbox is not part of this hub/m,
      /^error agreement liepkalni-swedbank: http:\/\/\S+ is this machine itself in live mode/m,
      /^error e-service property-tax: is for test mode/m,
      /^error e-service property-tax: http:\/\/localhost:\d+\/notices is this machine itself/m,
    ])
      expect(all).toMatch(pattern)
  })
})

describe('a database', () => {
  let fresh: FreshDatabase
  beforeAll(async () => {
    fresh = await freshDatabase()
  })
  afterAll(() => fresh.drop())

  const at = async (url: string) => {
    const { findings, ...rest } = await examine(configOf({ DATABASE_URL: url }), silentLog)
    return { ...rest, findings: told(findings.filter(({ says }) => !says.includes('fsync = off'))) }
  }

  it('that is away, or is not there, is said in a sentence', async () => {
    for (const [url, says] of [
      [
        'postgres://localhost:1/hub',
        /^error database: localhost:1\/hub does not answer \(.*ECONNREFUSED.*\): start it/,
      ],
      [urlOf(fresh.url, 'nowhere'), /^error database: .*\/nowhere does not let us in \(.*does not exist\)/],
    ] as const) {
      const found = await at(url)
      expect(found).toMatchObject({ databaseAway: true, looked: ['database', 'clock'] })
      expect(found.findings).toEqual([expect.stringMatching(says)])
    }
  })

  it('of its own that was never made is not made by looking', async () => {
    const folder = join(openTempFolder('ebizness-doctor-'), 'none')
    const { findings, databaseAway } = await examine(configOf({ EBIZNESS_DATA_DIR: folder }), silentLog)
    expect([told(findings), databaseAway, existsSync(folder)]).toEqual([
      [expect.stringMatching(/^error database: nothing is set up in .*none yet: name a database in DATABASE_URL/)],
      true,
      false,
    ])
  })

  it('that takes no writes is told so', async () => {
    const other = await freshDatabase()
    const name = new URL(other.url).pathname.slice(1)
    await execute(other.url, `alter database ${name} set default_transaction_read_only = on`)
    expect(await at(other.url)).toMatchObject({
      databaseAway: true,
      findings: [expect.stringMatching(/^error database: no server may be written to/)],
    })
    await other.drop()
  })

  it('that is not up to this release is asked nothing further', async () => {
    await execute(fresh.url, 'delete from payments.migration where name = (select max(name) from payments.migration)')
    expect(await at(fresh.url)).toMatchObject({
      databaseAway: false,
      findings: [expect.stringMatching(/^error database: 1 change .*payments\/\d{4}_.*run ebizness migrate/)],
    })
    await execute(fresh.url, "insert into payments.migration (name, run_on) values ('9999_of-tomorrow', now())")
    expect((await at(fresh.url)).findings.at(-1)).toMatch(/^warning database: a newer release was here/)
  })
})
