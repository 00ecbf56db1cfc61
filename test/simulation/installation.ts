import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { applyFile } from '../../src/app/commands/session.ts'
import { compose, type Parts } from '../../src/app/compose.ts'
import { channels } from '../../src/channels/index.ts'
import { parseInstant } from '../../src/kernel/time.ts'
import { openDb } from '../../src/platform/db/postgres.ts'
import { types } from '../../src/platform/db/types.ts'
import { loadAssets } from '../../src/platform/html/index.ts'
import { silentLog } from '../../src/platform/log.ts'
import { demoFolder, renderDemoFile } from '../../src/sandbox/index.ts'
import { testConfig } from '../support/config.ts'
import { BANK_ROOT, HUB_ROOT, SHOP_ROOT } from './places.ts'

/** A database with the demo's merchants, made once; every schedule begins on it as on the first day. */
export type Installation = {
  readonly pool: pg.Pool
  readonly parts: Pick<Parts, 'config' | 'channels' | 'masterKeys' | 'assets' | 'log'>
  readonly apiKey: string
  /** What the e-service checks notices with. */
  readonly noticeKeys: readonly string[]
  /** Forgets every payment. */
  empty(seed: number): Promise<void>
  close(): Promise<void>
}

export const E_SERVICE = 'property-tax'

const CONFIG = testConfig(HUB_ROOT)

/** Before every day on which a schedule begins: keys made then are old ones. */
const SET_UP_AT = parseInstant('2026-01-02T08:00:00Z') ?? 0

const FORGET = [
  ...['payment', 'fact', 'attempt', 'psp_id', 'message', 'idempotency', 'receipt_mail'].map(
    (table) => `payments.${table}`,
  ),
  ...['event', 'unplaced', 'feed', 'dispatch', 'delivery', 'gave_up'].map((table) => `notices.${table}`),
  'tasks.task',
  'platform.job',
]

/** The server sweeps nothing by itself: after so many schedules their remains would be most of what it reads. */
const SWEPT_EVERY = 100
const SWEEP = `vacuum ${[...FORGET, 'payments.number_block', 'notices.frontier', 'notices.address'].join(', ')}`

export const install = async (url: string, assets: string): Promise<Installation> => {
  const clock = { now: () => SET_UP_AT }
  const parts = {
    config: CONFIG,
    channels,
    masterKeys: { newest: 1, byVersion: new Map([[1, new Uint8Array(randomBytes(32))]]) },
    assets: loadAssets(assets),
    log: silentLog,
  }
  const db = await openDb({ url, poolSize: 2 })
  const composed = await compose({ ...parts, db, clock })
  const file = {
    name: 'cma.yaml',
    text: renderDemoFile({ bankRoot: BANK_ROOT, shopRoot: SHOP_ROOT }),
    folder: demoFolder,
  }
  await applyFile({ config: CONFIG, composed }, file, false, async () => true)
  const made = await composed.merchants.createApiKey({
    eService: E_SERVICE,
    name: 'simulation',
    scopes: [],
    now: SET_UP_AT,
  })
  if (!made.ok) throw new Error(made.error)
  const addresses = await composed.notices.addresses(E_SERVICE)
  await composed.tokens.jwks()
  await composed.close(0)
  await db.close()
  let emptied = 0
  const pool = new pg.Pool({ connectionString: url, types, max: 3, pipeline: true })
  return {
    pool,
    parts,
    apiKey: made.value.key,
    noticeKeys: addresses.flatMap(({ secret, publicKey }) => [secret, publicKey]),
    empty: async (seed) => {
      if (++emptied % SWEPT_EVERY === 0) await pool.query(SWEEP)
      await pool.query(
        [
          ...FORGET.map((table) => `delete from ${table}`),
          'update payments.number_block set next = 1001',
          'update notices.frontier set position = 0',
          'update notices.address set disabled_at = null, disabled_because = null',
          // The only chance that the database itself throws: the order among addresses.
          `select setseed(${(seed % 1_000) / 1_000})`,
        ].join(';'),
      )
    },
    close: () => pool.end(),
  }
}
