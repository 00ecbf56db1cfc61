import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose, masterKeysOf } from '../../src/app/compose.ts'
import { readConfig } from '../../src/app/config.ts'
import { channels } from '../../src/channels/index.ts'
import { MINUTE_MS } from '../../src/kernel/time.ts'
import { silentLog } from '../../src/platform/log.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { paidThrough } from '../support/story.ts'

/** What whoever watches the hub reads, and who may. */

const TOKEN = 'fixture-token-of-nobody-0123456789'
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const linesOf = async (): Promise<readonly string[]> => {
  const page = await hub.composed.fetch(new Request('http://hub.example/metrics'))
  expect(page.status).toBe(200)
  return (await page.text()).split('\n')
}

describe('what waits', () => {
  it('is told with the age of the oldest, and asked of the database at most every ten seconds', async () => {
    hub.answerNotices(500)
    await paidThrough(hub, 'swedbank-lv', 'pay')
    await hub.settle()
    // Past what an earlier reader was told; nothing runs by itself while the clock is moved by hand.
    await hub.clock.advance(MINUTE_MS)
    const waiting = (await linesOf()).find((line) => line.startsWith('ebizness_notices{state="waiting"}'))
    expect(Number(waiting?.split(' ')[1])).toBeGreaterThan(0)
    hub.answerNotices(200)
    await hub.composed.drain()
    expect(await linesOf()).toContain(waiting)
    await hub.clock.advance(MINUTE_MS)
    const lines = await linesOf()
    expect(lines).toContain('ebizness_notices{state="waiting"} 0')
    expect(lines).toContain('ebizness_notices{state="gave_up"} 0')
    expect(lines.some((line) => /^ebizness_jobs_due\{kind="[a-z._-]+"\} \d+$/.test(line))).toBe(true)
    expect(lines.some((line) => /^ebizness_jobs_oldest_due_seconds\{kind="[a-z._-]+"\} [\d.]+$/.test(line))).toBe(true)
  })
})

describe('a hub in live mode', () => {
  const statusOf = async (token: string | undefined, brought?: string, peer = '127.0.0.1') => {
    const config = readConfig(
      {
        EBIZNESS_PUBLIC_URL: 'https://pay.example',
        EBIZNESS_MASTER_KEY: MASTER_KEY,
        EBIZNESS_METRICS_TOKEN: token,
      },
      'live',
    )
    if (!config.ok) throw new Error(config.error.join())
    const { database, clock } = hub
    const live = await compose({
      config: config.value,
      db: database.db,
      channels,
      masterKeys: masterKeysOf(config.value, { folder: '.' }),
      clock,
      log: silentLog,
    })
    const headers: Record<string, string> = brought === undefined ? {} : { authorization: brought }
    const answer = await live.fetch(new Request('http://127.0.0.1/metrics', { headers }), peer)
    await live.close(0)
    return { status: answer.status, told: await answer.text() }
  }

  it('shows its figures to nobody while it has no token, not even to its own machine', async () => {
    for (const brought of [undefined, '', 'Bearer ', 'Bearer undefined']) {
      const { status, told } = await statusOf(undefined, brought)
      expect(status).toBe(401)
      expect(told).toContain('EBIZNESS_METRICS_TOKEN')
      expect(told).not.toContain('ebizness_')
    }
  })

  it('shows them to who brings the token and to nobody else', async () => {
    expect(await statusOf(TOKEN, `Bearer ${TOKEN}`, '203.0.113.9')).toMatchObject({ status: 200 })
    for (const brought of [undefined, TOKEN, `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) {
      const { status, told } = await statusOf(TOKEN, brought)
      expect(status).toBe(401)
      expect(told).not.toContain(TOKEN)
    }
  })

  it('does not take a token that could be guessed', () => {
    const read = readConfig({ EBIZNESS_METRICS_TOKEN: 'secret' }, 'test')
    expect(read).toMatchObject({ ok: false, error: [expect.stringContaining('openssl rand -hex 32')] })
  })
})
