import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose, masterKeysOf } from '../../src/app/compose.ts'
import { readConfig } from '../../src/app/config.ts'
import { channels } from '../../src/channels/index.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
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
    // Owed since the payment, a minute ago.
    expect(sumOf(await linesOf(), 'ebizness_notices_oldest_waiting_seconds', [])).toBeGreaterThanOrEqual(60)
    hub.answerNotices(200)
    await hub.composed.drain()
    expect(await linesOf()).toContain(waiting)
    // The next try may be five minutes away: how many were made in the minute before hangs on chance.
    await hub.clock.advance(6 * MINUTE_MS)
    const lines = await linesOf()
    expect(lines).toContain('ebizness_notices{state="waiting"} 0')
    expect(lines).toContain('ebizness_notices{state="gave_up"} 0')
    expect(lines).toContain('ebizness_notices{state="unplaced"} 0')
    expect(lines).toContain('ebizness_notices_oldest_waiting_seconds 0')
    expect(lines).toContain('ebizness_database_up 1')
    expect(lines.some((line) => /^ebizness_jobs_due\{kind="[a-z._-]+"\} \d+$/.test(line))).toBe(true)
    expect(lines.some((line) => /^ebizness_jobs_oldest_due_seconds\{kind="[a-z._-]+"\} [\d.]+$/.test(line))).toBe(true)
  })
})

/** What of this metric was counted while a story was told: the sum of its lines with these labels. */
const sumOf = (lines: readonly string[], name: string, labels: readonly string[]): number =>
  lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

const countedWhile = async (story: () => Promise<unknown>) => {
  const before = await linesOf()
  await story()
  const after = await linesOf()
  return (name: string, ...labels: readonly string[]): number =>
    sumOf(after, `ebizness_${name}`, labels) - sumOf(before, `ebizness_${name}`, labels)
}

describe('what happens', () => {
  it('is counted by channel: a payment by bank link', async () => {
    const told = await countedWhile(() => paidThrough(hub, 'swedbank-lv', 'pay'))
    const bank = 'channel="swedbank-lv"'
    expect(told('attempts_total', bank, 'status="begun"')).toBe(1)
    expect(told('attempts_total', bank, 'status="executed"')).toBe(1)
    expect(told('attempts_total', bank)).toBe(2)
    expect(told('messages_total', bank, 'verdict="trusted"')).toBe(2)
    expect(told('payments_total', 'status="started"')).toBe(1)
    expect(told('payments_total', 'status="executed"')).toBe(1)
    expect(told('notice_sendings_total', 'verdict="acknowledged"')).toBe(2)
    expect(told('notice_delay_seconds_count')).toBe(2)
    expect(told('job_runs_total', 'outcome="fault"')).toBe(0)
  })

  it('is counted by channel: a bank that is called, refuses and is asked', async () => {
    const told = await countedWhile(async () => {
      await paidThrough(hub, 'sandbox', 'decline')
      await paidThrough(hub, 'sandbox', 'both_lost')
      await hub.clock.advance(HOUR_MS)
    })
    const bank = 'channel="sandbox"'
    expect(told('attempts_total', bank, 'status="begun"')).toBe(2)
    expect(told('attempts_total', bank, 'status="refused"')).toBe(1)
    expect(told('attempts_total', bank, 'status="executed"')).toBe(1)
    expect(told('enquiries_total', bank, 'result="paid"')).toBe(1)
    expect(told('call_seconds_count', bank, 'purpose="begin"', 'outcome="answered"')).toBe(2)
    const asked = told('call_seconds_count', bank, 'purpose="enquire"', 'outcome="answered"')
    expect(told('enquiries_total', bank)).toBe(asked)
    expect(told('job_runs_total', 'kind="payments.deadline"')).toBeGreaterThan(0)
  })

  it('is counted by channel: a bank link of which nothing more is heard', async () => {
    const told = await countedWhile(async () => {
      await paidThrough(hub, 'swedbank-lv', 'close_window')
      await hub.clock.advance(30 * HOUR_MS)
    })
    expect(told('attempts_total', 'channel="swedbank-lv"', 'status="lapsed"')).toBe(1)
    expect(told('plans_ended_total', 'channel="swedbank-lv"', 'finding="cannot_ask"')).toBe(1)
    expect(told('payments_total', 'status="open"')).toBe(1)
  })

  it('tells forgeries and messages to nobody from a bank’s', async () => {
    const told = await countedWhile(async () => {
      await paidThrough(hub, 'swedbank-lv', 'bad_signature')
      await fetch(`${hub.root}/psp/swedbank-lv/nobody/notice`, { method: 'POST' })
      await fetch(`${hub.root}/psp/made-up-${'x'.repeat(40)}/nobody/notice`, { method: 'POST' })
    })
    expect(told('messages_total', 'channel="swedbank-lv"', 'verdict="untrusted"')).toBeGreaterThan(0)
    expect(told('messages_total', 'verdict="unknown"', 'channel="none"')).toBe(2)
    expect((await linesOf()).join('\n')).not.toContain('made-up')
  })

  it('shows 0 of what an alarm waits for before it happens first', async () => {
    const lines = await linesOf()
    expect(lines).toContain('ebizness_messages_total{channel="lhv-ee",carrier="psp",verdict="fault"} 0')
    expect(lines).toContain('ebizness_unknown_words_total{channel="lhv-ee"} 0')
    expect(lines).toContain('ebizness_plans_ended_total{channel="lhv-ee",finding="no_answer"} 0')
    expect(lines).toContain('ebizness_attention_total{flag="stuck"} 0')
  })

  it('tells a refund and a flag', async () => {
    const told = await countedWhile(async () => {
      const { order } = await paidThrough(hub, 'sandbox', 'pay')
      await hub.api('POST', `/v1/payments/${order.id}/refunds`, { amount: 100 })
      await hub.settle()
      await paidThrough(hub, 'swedbank-lv', 'wrong_amount')
    })
    expect(told('refunds_total', 'channel="sandbox"', 'origin="e-service"', 'status="requested"')).toBe(1)
    expect(told('refunds_total', 'channel="sandbox"', 'origin="e-service"', 'status="done"')).toBe(1)
    expect(told('attention_total', 'flag="amount_mismatch"')).toBe(1)
  })
})

describe('the page of metrics', () => {
  it('is documented, each line of the table, and nothing else', async () => {
    const shown = (await linesOf()).flatMap((line) => /^# TYPE ebizness_(\w+)/.exec(line)?.[1] ?? [])
    const own = shown.filter((name) => !/^(process|nodejs)_/.test(name))
    const page = readFileSync(join(import.meta.dirname, '../../docs/operating/metrics.md'), 'utf8')
    const documented = [...page.matchAll(/^\| `ebizness_(\w+)`/gm)].map(([, name]) => name)
    expect(documented.toSorted()).toEqual(own.toSorted())
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
