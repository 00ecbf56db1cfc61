import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { MIGRATED_MODULES } from '../src/app/migrations.ts'
import type { ListedChannel } from '../src/channels/index.ts'
import { toRfc3339 } from '../src/kernel/time.ts'
import { type Embedded, startEmbedded } from '../src/platform/db/embedded.ts'
import { migrate } from '../src/platform/db/migrate.ts'
import { openDb } from '../src/platform/db/postgres.ts'
import { silentLog } from '../src/platform/log.ts'
import { ebizness, ebiznessJson } from './support/command.ts'
import { type Node, startTestHub, type TestHub } from './support/hub.ts'
import { chosen, decided, orderAtBank, ordered } from './support/story.ts'
import { execute, machineBinaries, openTempFolder, urlOf } from './support/test-server.ts'

/** What docs/operating/back-up.md says, done with its own commands on the machine's PostgreSQL. */

const page = readFileSync(join(import.meta.dirname, '../docs/operating/back-up.md'), 'utf8')
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)
const commandOf = (program: string): string => blocks('sh').find((text) => text.trim().startsWith(program)) ?? ''

const CARELESS = { fsync: 'off', synchronous_commit: 'off' }

/** A bank at which a refund that is sent twice is made twice. */
const withoutRepeating = (listed: readonly ListedChannel[]): readonly ListedChannel[] =>
  listed.map((one) => {
    const { refund } = one.channel
    if (!refund) return one
    const once: typeof refund = async (...asked) => {
      const step = await refund(...asked)
      return step.step === 'call' ? { ...step, repeatable: false } : step
    }
    return { ...one, channel: { ...one.channel, refund: once } }
  })

describe.runIf(existsSync('/usr/lib/postgresql'))('a backup', { timeout: 120_000 }, () => {
  const folder = openTempFolder('ebizness-back-up-')
  let server: Embedded
  let hub: TestHub
  let nodes: Node[] = []
  let servers: Embedded[] = []

  const open = async (dataDir: string): Promise<Embedded> => {
    const opened = await startEmbedded({ dataDir, log: silentLog, binaries: machineBinaries(), settings: CARELESS })
    servers = [...servers, opened]
    return opened
  }
  const sh = (command: string, url: string): void => {
    const { searchParams, username } = new URL(url)
    const PATH = `${join(machineBinaries().root, 'bin')}:${process.env.PATH}`
    const env = { PATH, DATABASE_URL: url, PGHOST: searchParams.get('host') ?? '', PGUSER: username }
    execFileSync('sh', ['-e', '-c', command.replaceAll('/backup', folder)], { cwd: folder, env, stdio: 'inherit' })
  }
  const restoredAt = async (url: string, masterKey?: Uint8Array): Promise<Node> => {
    const node = await hub.beside({ database: { url }, ...(masterKey ? { masterKey } : {}) })
    nodes = [...nodes, node]
    return node
  }
  const paid = async (channel: string): Promise<string> => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, channel)
    await decided(hub, channel, 'pay')
    await hub.settle()
    return order.id
  }
  const placeOf = (url: string) => ({
    folder,
    env: { DATABASE_URL: url, EBIZNESS_MASTER_KEY: hub.masterKey, EBIZNESS_MODE: 'test' },
  })
  const afterRestoring = async (url: string, options: string): Promise<unknown> => {
    const { code, value } = await ebiznessJson(placeOf(url), `restored ${options}`)
    expect(code).toBe(0)
    return value
  }
  const sequencesOf = (payment: string): readonly number[] =>
    hub.notices.filter(({ notice }) => notice.data.payment.id === payment).map(({ notice }) => notice.sequence)
  const refundsSeenBy = async (node: Node, id: string): Promise<readonly string[]> => {
    const { body } = await hub.api('GET', `/v1/payments/${id}`, undefined, { root: node.root })
    const refunds = z.array(z.object({ origin: z.string(), amount: z.int(), status: z.string() })).parse(body.refunds)
    return refunds.map(({ origin, amount, status }) => `${origin} ${amount} ${status}`)
  }
  const givenBackMinor = () => hub.world.orders().reduce((sum, { refundedMinor }) => sum + refundedMinor, 0)
  const seenBy = async (node: Node, id: string) => {
    const { status, body } = await hub.api('GET', `/v1/payments/${id}`, undefined, { root: node.root })
    return status === 200 ? body.status : status
  }

  beforeAll(async () => {
    server = await open(join(folder, 'first'))
    await execute(server.url, 'create database cma')
    const url = urlOf(server.url, 'cma')
    await migrate({ url, modules: MIGRATED_MODULES })
    const db = await openDb({ url, poolSize: 8 })
    hub = await startTestHub({ database: { db, url, drop: () => db.close() }, channels: withoutRepeating })
  })
  afterAll(async () => {
    for (const node of nodes) await node.stop()
    await hub.stop()
    for (const opened of servers) await opened.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('as a dump is restored with every payment and key; what happened since is asked about, and no number is given twice', async () => {
    const before = await paid('swedbank-lv')
    const repaid = await paid('sandbox')
    const refund = await hub.api('POST', `/v1/payments/${repaid}/refunds`, { amount: 100 })
    const open = await ordered(hub)
    await chosen(hub, open.payUrl, 'sandbox')
    const silent = await ordered(hub)
    await chosen(hub, silent.payUrl, 'swedbank-lv')
    const waiting = orderAtBank(hub, 'swedbank-lv').number
    sh(commandOf('pg_dump'), hub.database.url)
    const to = toRfc3339(hub.clock.now())

    await decided(hub, 'sandbox', 'pay')
    await decided(hub, 'swedbank-lv', 'pay')
    const lost = await paid('swedbank-lv')
    const { number } = orderAtBank(hub, 'swedbank-lv')
    const again = { idempotencyKey: 'R-200' }
    await hub.api('POST', `/v1/payments/${repaid}/refunds`, { amount: 200 }, again)
    await hub.settle()
    expect((await hub.api('GET', `/v1/payments/${repaid}/refunds/${refund.body.id}`)).body.status).toBe('done')
    const heardSince = sequencesOf(open.id)

    await execute(server.url, 'create database restored')
    const url = urlOf(server.url, 'restored')
    sh(commandOf('pg_restore'), url)
    const said = await afterRestoring(url, `--to ${to} --yes`)
    expect(said).toMatchObject({ done: true, unaskable: [{ payment: silent.id, number: waiting }] })
    expect(said).toMatchObject({ refunds: [{ refund: refund.body.id, by: 'hub' }] })

    const node = await restoredAt(url)
    // An e-service that is not sure repeats what is forgotten here, before the bank was asked.
    await hub.api('POST', `/v1/payments/${repaid}/refunds`, { amount: 200 }, { ...again, root: node.root })
    await node.composed.drain()
    expect([await seenBy(node, before), await seenBy(node, lost)]).toEqual(['executed', 404])
    // Asked, it is paid; its events have numbers that no e-service has seen.
    expect([await seenBy(node, open.id), await seenBy(node, silent.id)]).toEqual(['executed', 'started'])
    expect(Math.max(...sequencesOf(open.id))).toBeGreaterThan(Math.max(...heardSince) + 900)
    // What may have been sent is asked about and not sent; what was asked for since is known from the bank alone.
    expect(await seenBy(node, `${repaid}/refunds/${refund.body.id}`)).toBe('done')
    expect(await execute(url, `select 1 from payments.message where purpose = 'refund'`)).toEqual([])
    expect(await refundsSeenBy(node, repaid)).toEqual(['e-service 100 done', 'e-service 200 requested', 'psp 200 done'])
    expect(givenBackMinor()).toBe(300)
    const unsettled = `select 1 from tasks.task where kind = 'refund_unsettled' and closed_at is null`
    expect(await execute(url, unsettled)).toHaveLength(1)
    await hub.api('POST', `/v1/payments/${repaid}/refunds`, { amount: 50 }, { root: node.root })
    await node.composed.drain()
    expect(givenBackMinor()).toBe(350)
    const body = { reference: 'AFTER-1', amount: 100, currency: 'EUR', description: 'After' }
    const more = { returnUrl: `${hub.shopRoot}/back` }
    const order = await hub.api('POST', '/v1/payments', { ...body, ...more }, { root: node.root })
    await chosen(hub, order.body.payUrl.replace(hub.root, node.root), 'swedbank-lv')
    expect(Number(orderAtBank(hub, 'swedbank-lv').number)).toBeGreaterThan(Number(number) + 900_000)
  })

  it('that was not restored to that moment is not taken for one', async () => {
    const { code, said } = await ebizness(placeOf(hub.database.url), 'restored --to 2026-01-01T00:00:00Z --yes')
    expect([code, said]).toEqual([2, expect.stringContaining('was not restored to that moment')])
  })

  it('is not seen to while a hub is at work on it, unless that is known to be a mistake', async () => {
    const url = urlOf(server.url, 'restored')
    const atWork = await openDb({ url, atWork: true })
    const command = 'restored --to 2026-01-01T00:00:00Z --yes'
    const refused = await ebizness(placeOf(url), command)
    expect([refused.code, refused.said]).toEqual([2, expect.stringContaining('stop every process of it')])
    const known = await ebizness(placeOf(url), `${command} --although-at-work`)
    await atWork.close()
    expect(known.said).toContain('was not restored to that moment')
    expect((await ebizness(placeOf(url), command)).said).toContain('was not restored to that moment')
  })

  it('under another master key says which keys do not open', async () => {
    const node = await restoredAt(urlOf(server.url, 'restored'), new Uint8Array(32))
    const faults = (await node.composed.merchants.findings()).filter(({ severity }) => severity === 'fault')
    expect(faults.map(({ about }) => about)).toContain('agreement liepkalni-swedbank')
  })

  it('as a base backup holds what was committed while it was made', async () => {
    const id = await paid('sandbox')
    sh(commandOf('pg_basebackup'), server.url)
    const home = join(folder, 'second')
    const data = join(home, 'postgres')
    mkdirSync(join(data, 'pg_wal'), { recursive: true })
    execFileSync('tar', ['-xzf', join(folder, 'base/base.tar.gz'), '-C', data])
    execFileSync('tar', ['-xzf', join(folder, 'base/pg_wal.tar.gz'), '-C', join(data, 'pg_wal')])
    const { uid, gid } = statSync(join(folder, 'first/postgres'))
    execFileSync('chown', ['-R', `${uid}:${gid}`, data])
    chmodSync(data, 0o700)
    chmodSync(home, 0o711)
    const second = await open(home)
    expect(await seenBy(await restoredAt(urlOf(second.url, 'cma')), id)).toBe('executed')
  })
})
