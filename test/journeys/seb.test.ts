import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { simulators } from '../../src/channels/simulators.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { keptMessages } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { expectOutcome, type Outcome } from '../support/outcome.ts'
import { visit } from '../support/payer.ts'
import { sebForm, sendSebForm } from '../support/seb-notice.ts'
import { chosen, noticesOf, orderAtBank, ordered, truth } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** SEB says accepted (0003, with the amount) and then executed (0004, without): each of its words in each order, lost, late or forged. */

const SEB = 'seb-lv'
/** Past the time for paying and the hundred minutes in which the bank repeats itself. */
const PLAN_ENDED_MS = 30 * HOUR_MS

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const ACCEPTED = ['payment.started', 'payment.accepted']
const EXECUTED = [...ACCEPTED, 'payment.executed']
const NOT_PAID = ['payment.started', 'payment.open']

const executed = { end: 'executed', notices: EXECUTED }
const taken = { first: 'accepted', page: 'processing-taken' }
const asking = { first: 'started', page: 'processing-asking' }
const checked = { first: 'accepted', page: 'attention-checked' }
const unmoved = { laterMs: HOUR_MS / 2, end: 'started', notices: ['payment.started'] }

const rows: readonly Outcome[] = [
  { choice: 'pay', ...taken, laterMs: 3 * HOUR_MS, ...executed },
  { choice: 'pay_back_by_get', ...taken, laterMs: MINUTE_MS, ...executed },
  { choice: 'return_lost', ...taken, laterMs: MINUTE_MS, ...executed },
  { choice: 'notice_late', ...taken, laterMs: 3 * MINUTE_MS, ...executed },
  { choice: 'notice_twice', ...taken, laterMs: MINUTE_MS, ...executed },
  { choice: 'reordered', ...taken, laterMs: MINUTE_MS, ...executed },
  { choice: 'accepted_lost', first: 'executed', page: 'paid', laterMs: MINUTE_MS, ...executed },
  { choice: 'next_key', ...taken, laterMs: MINUTE_MS, ...executed },
  { choice: 'older_version', ...taken, laterMs: MINUTE_MS, ...executed },
  {
    choice: 'notice_lost',
    ...taken,
    laterMs: PLAN_ENDED_MS,
    end: 'accepted',
    attention: ['stuck'],
    notices: [...ACCEPTED, 'payment.attention'],
  },
  { choice: 'cancel', first: 'open', page: 'not-paid', laterMs: MINUTE_MS, end: 'open', notices: NOT_PAID },
  {
    choice: 'cancelled_later',
    ...taken,
    laterMs: 3 * MINUTE_MS,
    end: 'open',
    notices: [...ACCEPTED, 'payment.open'],
  },
  { choice: 'close_window', ...asking, laterMs: PLAN_ENDED_MS, end: 'open', notices: NOT_PAID },
  { choice: 'both_lost', ...asking, laterMs: PLAN_ENDED_MS, end: 'open', notices: NOT_PAID },
  {
    choice: 'wrong_amount',
    ...checked,
    laterMs: MINUTE_MS,
    end: 'accepted',
    attention: ['amount_mismatch'],
    notices: ACCEPTED,
  },
  {
    choice: 'wrong_currency',
    ...checked,
    laterMs: MINUTE_MS,
    end: 'accepted',
    attention: ['currency_mismatch'],
    notices: ACCEPTED,
  },
  { choice: 'bad_signature', ...asking, ...unmoved },
  { choice: 'strangers_key', ...asking, ...unmoved },
  { choice: 'other_merchant', ...asking, ...unmoved },
  { choice: 'replay', ...asking, ...unmoved },
]

describe('what becomes of a payment through seb-lv', () => {
  it.each(rows)('$choice ends as $end', (row) => expectOutcome(hub, SEB, row))

  it('is told for every choice of its tester', async () => {
    const choices = simulators.find(({ channel }) => channel === SEB)?.choices ?? []
    expect(choices.map(({ id }) => id).sort()).toEqual(rows.map(({ choice }) => choice).sort())
  })
})

/** An order whose payer has reached the bank's page. */
const atTheBank = async () => {
  const order = await ordered(hub)
  await chosen(hub, order.payUrl, SEB)
  const { number } = orderAtBank(hub, SEB)
  const attempt = (await truth(hub, order.id)).attempts[0]?.id ?? ''
  const told = (...words: Parameters<typeof sebForm>) => sendSebForm(hub, attempt, sebForm(...words))
  const accepted = { SERVICE: '0003', PAYMENT_ID: number } as const
  const accomplished = { SERVICE: '0004', PAYMENT_ID: number } as const
  return { ...order, attempt, number, told, accepted, accomplished }
}

describe('0003 and 0004', () => {
  const words = ['psp 0003', 'payer 0003', 'psp 0004'] as const
  const orders = words.flatMap((first) =>
    words.flatMap((second) => words.map((third) => [first, second, third] as const)),
  )
  const complete = orders.filter((order) => order.includes('psp 0004') && new Set(order).size > 1)

  it.each(complete)('in the order %s, %s, %s execute the payment once', async (...order) => {
    const { id, told, accepted, accomplished } = await atTheBank()
    for (const word of order) {
      const [who, service] = word.split(' ')
      const FROM_SERVER = who === 'psp' ? 'Y' : 'N'
      const { status } = await told(service === '0003' ? { ...accepted, FROM_SERVER } : accomplished)
      expect(status).toBe(who === 'psp' ? 200 : 303)
    }
    await hub.settle()
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', paidAmount: 12_345, attention: [] })
    expect(noticesOf(hub, id)).toEqual(EXECUTED)
  })

  it('a hub without its database answers 503, is told again a minute later, and only then that it was executed', async () => {
    const { id } = await atTheBank()
    const before = hub.world.sent().length
    await withoutDatabase(async () => {
      await hub.world.choose(SEB, orderAtBank(hub, SEB).id, 'return_lost')
      await expect.poll(() => hub.world.sent().length, { timeout: 10_000 }).toBe(before + 1)
    })
    await hub.clock.advance(MINUTE_MS + 3000)
    await hub.settle()
    const sent = hub.world.sent().slice(0, hub.world.sent().length - before)
    const services = sent.map(({ body, answer }) => [new URLSearchParams(body).get('IB_SERVICE'), answer])
    expect(services.toReversed()).toEqual([
      ['0003', 503],
      ['0003', 200],
      ['0004', 200],
    ])
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    expect(noticesOf(hub, id)).toEqual(EXECUTED)
  })

  it('executed without an amount is not paid: it becomes a task, until the payer brings the amount', async () => {
    const { id } = await atTheBank()
    const carried = await hub.world.choose(SEB, orderAtBank(hub, SEB).id, 'accepted_lost')
    if (carried.kind !== 'carry') throw new Error(carried.kind)
    await hub.clock.advance(MINUTE_MS)
    expect(await truth(hub, id)).toMatchObject({ status: 'accepted', paidAmount: 0, attention: [] })
    await hub.clock.advance(PLAN_ENDED_MS)
    expect(await truth(hub, id)).toMatchObject({ status: 'accepted', paidAmount: 0, attention: ['stuck'] })
    const fields = carried.fields.map(([name, value]): [string, string] => [name, value])
    const back = await visit(carried.url, { method: 'POST', body: new URLSearchParams(fields) })
    expect(back.page).toBe('paid')
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', paidAmount: 12_345, attention: [] })
  })

  it.each([
    { what: 'amount', stated: { AMOUNT: '123.44' }, flag: 'amount_mismatch' },
    { what: 'currency', stated: { CURR: 'USD' }, flag: 'currency_mismatch' },
    { what: 'account', stated: { REC_ACC: 'LV07HABA0000000000001' }, flag: 'payee_mismatch' },
  ])('0004 after a wrong $what in 0003 executes nothing', async ({ stated, flag }) => {
    const { id, told, accepted, accomplished } = await atTheBank()
    await told({ ...accepted, ...stated })
    await told(accomplished)
    await hub.settle()
    expect(await truth(hub, id)).toMatchObject({ status: 'accepted', paidAmount: 0, attention: [flag] })
  })
})

describe('who brought a message', () => {
  it('is signed in 0004: a payer who claims to be the bank is not believed', async () => {
    const { id, told, accomplished, attempt } = await atTheBank()
    const before = await truth(hub, id)
    const form = sebForm({ ...accomplished, FROM_SERVER: 'N', STATUS: 'CANCELLED' })
    form.set('IB_FROM_SERVER', 'Y')
    expect((await sendSebForm(hub, attempt, form)).status).toBe(400)
    form.set('IB_STATUS', 'ACCOMPLISHED')
    expect((await sendSebForm(hub, attempt, form)).status).toBe(400)
    expect((await told(accomplished, 'stranger')).status).toBe(400)
    expect(await truth(hub, id)).toEqual(before)
    expect((await keptMessages(hub)).slice(-3).map(({ verdict }) => verdict)).toEqual(Array(3).fill('untrusted'))
  })

  it('is not signed in 0003: it decides how the hub answers, and no money hangs on it', async () => {
    const { id, attempt, accepted } = await atTheBank()
    const form = sebForm({ ...accepted, FROM_SERVER: 'N' })
    form.set('IB_FROM_SERVER', 'Y')
    expect((await sendSebForm(hub, attempt, form)).status).toBe(200)
    expect(await truth(hub, id)).toMatchObject({ status: 'accepted', paidAmount: 0 })
    form.set('IB_FROM_SERVER', 'N')
    expect((await sendSebForm(hub, attempt, form)).status).toBe(303)
    expect(await truth(hub, id)).toMatchObject({ status: 'accepted', paidAmount: 0 })
  })
})

describe('an agreement that reads version 002 only', () => {
  it('does not believe 001, and the bank says it again until it does', async () => {
    await hub.apply((text) => text.replace('version: "002", url', 'version: "002", answerVersions: ["002"], url'))
    const { id } = await atTheBank()
    await hub.world.choose(SEB, orderAtBank(hub, SEB).id, 'older_version')
    await hub.clock.advance(3 * MINUTE_MS + 3000)
    expect(await truth(hub, id)).toMatchObject({ status: 'started', paidAmount: 0 })
    expect(hub.world.sent()[0]).toMatchObject({ attempt: 4, answer: 400 })
    await hub.apply((text) => text)
    await hub.clock.advance(2 * MINUTE_MS)
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
  })
})

/** Nobody can reach the hub's database while `work` goes on. */
const withoutDatabase = async (work: () => Promise<void>): Promise<void> => {
  const server = inject('databaseUrl')
  const name = new URL(hub.database.url).pathname.slice(1)
  await execute(server, `alter database ${name} allow_connections false`)
  await execute(server, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
  try {
    await work()
  } finally {
    await execute(server, `alter database ${name} allow_connections true`)
  }
  const ready = () => fetch(`${hub.root}/readyz`).then(({ status }) => status)
  await expect.poll(ready, { timeout: 20_000 }).toBe(200)
}
