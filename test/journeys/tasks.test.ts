import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { flaggedJob, lookAtFlagged } from '../../src/payments/flagged.ts'
import { paymentJobs, setChores } from '../../src/payments/index.ts'
import type { Db } from '../../src/platform/db/db.ts'
import type { Asked, Task } from '../../src/tasks/index.ts'
import { bankNotice, sendNotice } from '../support/bank-notice.ts'
import { freshDatabase } from '../support/database.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, noticesOf, orderAtBank, ordered, paidThrough, truth } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** What needs a person: raised by the fact that calls for one, ended by a word or by a later fact, in the same transaction. */

let hub: TestHub
const asked: string[] = []
/** The same database, telling which statements were asked of it. */
const listening = (db: Db): Db => ({
  ...db,
  query: (wanted, values) => {
    asked.push(wanted.name)
    return db.query(wanted, values)
  },
  tx: (work) =>
    db.tx((tx) =>
      work({
        ...tx,
        query: (wanted, values) => {
          asked.push(wanted.name)
          return tx.query(wanted, values)
        },
      }),
    ),
})
beforeAll(async () => {
  const database = await freshDatabase()
  hub = await startTestHub({ database: { ...database, db: listening(database.db) } })
})
afterAll(() => hub.stop())

const WORD = { by: 'A. Clerk', note: 'seen on the statement' }
const tasksOf = async (subject: string): Promise<readonly Task[]> =>
  (await hub.composed.desk.list({ all: true, limit: 1_000 })).filter((task) => task.subject === subject)
const openOf = async (subject: string): Promise<readonly string[]> =>
  (await tasksOf(subject))
    .filter(({ closed }) => !closed)
    .map(({ kind }) => kind)
    .sort()
const taskOf = async (subject: string, kind: string): Promise<Task> => {
  const task = (await tasksOf(subject)).find((one) => one.kind === kind && !one.closed)
  if (!task) throw new Error(`no open task ${kind}: ${JSON.stringify(await tasksOf(subject))}`)
  return task
}
const rule = async (task: Task, as: string, more: Partial<Asked> = {}) => {
  const ruled = await hub.composed.desk.rule(task.id, { ...WORD, as, ...more })
  await hub.settle()
  return ruled.ok ? ruled.value.outcome : `${ruled.error.why}: ${ruled.error.sentence}`
}

describe('a plain payment', () => {
  it('costs not one statement more for the sake of tasks', async () => {
    asked.length = 0
    const { order } = await paidThrough(hub, 'sandbox', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
    expect(asked.length).toBeGreaterThan(10)
    // The hourly look at addresses, which settling here does each time, belongs to no payment.
    const housekeeping = 'tasks.open-of'
    expect(asked.filter((name) => name.startsWith('tasks.') && name !== housekeeping)).toEqual([])
  })
})

describe('a payment that the bank leaves open', () => {
  const stuck = async (): Promise<string> => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'wrong_amount')
    await hub.clock.advance(2 * DAY_MS)
    expect(await openOf(order.id)).toEqual(['amount_mismatch', 'stuck'])
    return order.id
  }

  it('is paid when a person says so, and the e-service is told', async () => {
    const id = await stuck()
    const task = await taskOf(id, 'stuck')
    const shown = await hub.composed.desk.show(task.id)
    expect(shown?.story.happened.join('\n')).toMatch(/123\.45 EUR was ordered.*at swedbank-lv.*is accepted/s)
    expect(shown?.story.money).toMatch(/^Nothing counts as paid/)
    expect(await rule(task, 'paid')).toBe('closed')
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    expect(noticesOf(hub, id).at(-1)).toBe('payment.executed')
    expect(await tasksOf(id)).toContainEqual(
      expect.objectContaining({ id: task.id, closed: { ...WORD, as: 'paid', at: expect.any(Number) } }),
    )
    expect(await openOf(id)).toEqual(['amount_mismatch'])
  })

  it('is refused when a person says that nothing came: the payer may try again, and no message asks twice', async () => {
    const id = await stuck()
    expect(await rule(await taskOf(id, 'amount_mismatch'), 'not-paid')).toBe('closed')
    expect(await openOf(id)).toEqual([])
    const [attempt] = (await truth(hub, id)).attempts
    expect(attempt).toMatchObject({ status: 'refused', reason: 'ruled_not_paid' })
    expect(await truth(hub, id)).toMatchObject({ status: 'open', attention: [] })
  })

  it('takes each word once, and none that it has no use for', async () => {
    const id = await stuck()
    const task = await taskOf(id, 'stuck')
    expect(await rule(task, 'settled')).toBe(
      'not_a_ruling: --as "settled" is not a ruling of this task: it takes paid, not-paid',
    )
    expect(await rule(task, 'maybe')).toMatch(/^not_a_ruling: .* it takes paid, not-paid$/)
    expect(await rule(task, 'paid', { note: ' ' })).toMatch(/^not_a_ruling: --note/)
    expect(await rule(task, 'paid', { by: 'x'.repeat(101) })).toMatch(/^not_a_ruling: --by/)
    expect(await rule(task, 'paid', { attempt: 'att_other' })).toMatch(
      /^refused: this is not about the attempt att_other/,
    )
    expect(await Promise.all([rule(task, 'paid'), rule(task, 'paid')])).toContain('closed')
    const events = noticesOf(hub, id)
    expect(await rule(task, 'paid')).toBe('already')
    expect(await rule(task, 'not-paid')).toMatch(/^refused: tsk_\w+ was ruled paid by A\. Clerk already/)
    expect(noticesOf(hub, id)).toEqual(events)
    expect((await truth(hub, id)).paidAmount).toBe(12_345)
  })
})

describe('a flag', () => {
  it('that is settled ends its task, and a new fact of the kind asks again', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const { number } = orderAtBank(hub, 'sandbox')
    const first = await taskOf(order.id, 'amount_mismatch')
    expect(await rule(first, 'settled')).toBe('closed')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'accepted', attention: [] })
    await sendNotice(hub, bankNotice(hub, { number, reference: order.reference, amount: 7 }))
    const second = await taskOf(order.id, 'amount_mismatch')
    expect(second.id).not.toBe(first.id)
    expect(await rule(first, 'settled')).toBe('already')
    expect(await openOf(order.id)).toEqual(['amount_mismatch'])
  })

  it('that nobody has looked at ends its task when a later fact settles it', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const { number } = orderAtBank(hub, 'sandbox')
    await hub.clock.advance(DAY_MS)
    const stuck = await taskOf(order.id, 'stuck')
    await sendNotice(hub, bankNotice(hub, { number, reference: order.reference }))
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
    expect(await openOf(order.id)).toEqual(['amount_mismatch'])
    // The bank has confirmed it by now: neither paid nor not-paid is left to say.
    const mismatch = await hub.composed.desk.show((await taskOf(order.id, 'amount_mismatch')).id)
    expect(mismatch?.story.takes).toEqual([{ as: 'settled' }])
    expect((await tasksOf(order.id)).find(({ id }) => id === stuck.id)?.closed).toMatchObject({
      by: 'hub',
      as: 'by_itself',
    })
    expect(await rule(stuck, 'not-paid')).toMatch(/^refused: tsk_\w+ has settled by itself meanwhile/)
    expect(await rule(await taskOf(order.id, 'amount_mismatch'), 'not-paid')).toMatch(
      /^refused: the bank has confirmed/,
    )
  })

  it.each([
    ['declined_then_paid', 'contradiction', 'executed'],
    ['reversed', 'reversed', 'executed'],
    ['wrong_currency', 'currency_mismatch', 'accepted'],
    ['wrong_account', 'payee_mismatch', 'accepted'],
  ])('%s raises the task %s, which a word ends', async (choice, kind, status) => {
    const { order } = await paidThrough(hub, 'sandbox', choice)
    await hub.clock.advance(3 * MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status })
    const task = await taskOf(order.id, kind)
    expect((await hub.composed.desk.show(task.id))?.story.happened.length).toBeGreaterThan(1)
    expect(await rule(task, 'settled')).toBe('closed')
    expect(await openOf(order.id)).toEqual([])
  })
})

describe('a payment paid after its reference was ordered anew', () => {
  it('names the one that could be paid a second time, for as long as it could', async () => {
    const late = await ordered(hub)
    await chosen(hub, late.payUrl, 'sandbox')
    const { number } = orderAtBank(hub, 'sandbox')
    await hub.api('POST', `/v1/payments/${late.id}/cancel`)
    await hub.clock.advance(HOUR_MS)
    const anew = await ordered(hub, { reference: late.reference })
    await sendNotice(hub, bankNotice(hub, { number, reference: late.reference }))
    const told = async () =>
      (await hub.composed.desk.show((await taskOf(late.id, 'paid_late')).id))?.story.happened.join('\n')
    expect(await told()).toContain(`The payment ${anew.id} of the same reference can still be paid`)
    await hub.api('POST', `/v1/payments/${anew.id}/cancel`)
    expect(await told()).not.toContain(anew.id)
  })
})

describe('the desk', () => {
  it('lists what is open, oldest first, page by page, of one merchant or kind', async () => {
    const { desk } = hub.composed
    await paidThrough(hub, 'sandbox', 'wrong_amount')
    const all = await desk.list({ all: true, limit: 1_000 })
    expect(all.map(({ openedAt }) => openedAt)).toEqual(all.map(({ openedAt }) => openedAt).toSorted((a, b) => a - b))
    const open = await desk.list({ all: false, limit: 1_000 })
    expect(open).toEqual(all.filter(({ closed }) => !closed))
    const paged: Task[] = []
    for (let page = await desk.list({ all: false, limit: 1 }); page.length > 0; ) {
      paged.push(...page)
      page = await desk.list({ all: false, limit: 1, after: page[0]?.id })
    }
    expect(paged).toEqual(open)
    expect(await desk.list({ all: true, limit: 9, merchant: 'nobody' })).toEqual([])
    const mismatches = await desk.list({ all: false, limit: 9, kind: 'amount_mismatch', merchant: 'liepkalni' })
    expect(new Set(mismatches.map(({ kind }) => kind))).toEqual(new Set(['amount_mismatch']))
  })

  it('tells on the metrics page how many are open, of each kind that there is', async () => {
    await hub.clock.advance(MINUTE_MS)
    const page = await (await hub.composed.fetch(new Request('http://hub.example/metrics'))).text()
    const told = new Map(
      [...page.matchAll(/^ebizness_tasks_open\{kind="(\w+)"\} (\d+)$/gm)].map(([, kind, count]) => [
        kind,
        Number(count),
      ]),
    )
    expect([...told.keys()].sort()).toEqual(Object.keys(hub.composed.desk.kinds).sort())
    const open = await hub.composed.desk.list({ all: false, limit: 1_000 })
    expect([...told.values()].reduce((sum, count) => sum + count, 0)).toBe(open.length)
  })

  it('knows no task that is not there', async () => {
    expect(await hub.composed.desk.show('tsk_none')).toBeUndefined()
    const { id } = await ordered(hub)
    expect(await tasksOf(id)).toEqual([])
    const ruled = await hub.composed.desk.rule('tsk_none', { ...WORD, as: 'paid' })
    expect(ruled).toMatchObject({ ok: false, error: { why: 'unknown_task' } })
  })
})

describe('flags that an earlier release raised', () => {
  it('have their tasks after the next start, once, and nobody else’s change', async () => {
    const { order: old } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const { order: ruled } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    await rule(await taskOf(ruled.id, 'amount_mismatch'), 'not-paid')
    const { order: other } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const before = { ruled: await tasksOf(ruled.id), other: await tasksOf(other.id) }
    await execute(hub.database.url, `delete from tasks.task where subject = '${old.id}'`)
    for (const start of ['first', 'second']) {
      await setChores(hub.composed.hub)
      await hub.settle()
      expect(
        (await tasksOf(old.id)).map(({ kind, closed }) => [kind, closed]),
        start,
      ).toEqual([['amount_mismatch', null]])
    }
    expect({ ruled: await tasksOf(ruled.id), other: await tasksOf(other.id) }).toEqual(before)
    expect(await truth(hub, old.id)).toMatchObject({ attention: ['amount_mismatch'] })
  })

  it('are looked at a page a run, by one job that goes on where it was', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const { url } = hub.database
    await execute(url, copies(order.id))
    const job = paymentJobs(hub.composed.hub, hub.composed.tokens).find(({ kind }) => kind === 'payments.flagged')
    await setChores(hub.composed.hub)
    const [{ key } = {}] = await execute(url, "select key from platform.job where kind = 'payments.flagged'")
    expect(await job?.run({ key: String(key), payload: null, tries: 0 }, hub.clock.now())).toBeUndefined()
    const given = () => execute(url, `select 1 from tasks.task where subject like '${COPY}%' and closed_at is null`)
    const first = (await given()).length
    expect([first > 0, first < COPIES]).toEqual([true, true])
    const waiting = await execute(url, "select payload from platform.job where kind = 'payments.flagged'")
    const place = { merchant: expect.any(String), id: expect.stringContaining('pay_'), begun: expect.any(Number) }
    expect(waiting).toEqual([{ payload: place }])
    await hub.settle()
    expect(await given()).toHaveLength(COPIES)
    expect(await execute(url, "select 1 from platform.job where kind = 'payments.flagged'")).toEqual([])
  })

  it('have their tasks though another payment cannot be read: that one is told', async () => {
    const { order: broken } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const { order } = await paidThrough(hub, 'sandbox', 'wrong_amount')
    const { url } = hub.database
    await execute(url, `delete from tasks.task where subject = '${order.id}'`)
    await execute(url, `delete from payments.fact where payment = '${broken.id}' and key = 'ordered'`)
    const told: unknown[] = []
    const warn = (what: string, { payment }: Readonly<Record<string, unknown>>) => told.push([what, payment])
    const [job, key] = [flaggedJob({ ...hub.composed.hub, warn }), lookAtFlagged(0).key]
    for (let payload: unknown = lookAtFlagged(hub.clock.now()).payload; payload !== undefined; ) {
      await job.run({ key, payload, tries: 0 }, hub.clock.now())
      const [next] = await execute(url, "delete from platform.job where kind = 'payments.flagged' returning payload")
      payload = next?.payload
    }
    expect(told).toEqual([['a flagged payment was not given its tasks', broken.id]])
    expect((await tasksOf(order.id)).map(({ kind }) => kind)).toEqual(['amount_mismatch'])
    await execute(url, `delete from payments.payment where id = '${broken.id}'`)
  })

  it('are left to the release whose walk it is, for a day', async () => {
    const job = flaggedJob(hub.composed.hub)
    const now = hub.clock.now()
    const walk = { key: 'paid_late another_task', payload: lookAtFlagged(now).payload, tries: 0 }
    expect(await job.run(walk, now)).toBe(now + MINUTE_MS)
    expect(await job.run(walk, now + DAY_MS)).toBeUndefined()
    for (const payload of [null, { merchant: 'liepkalni', id: 'pay_1' }])
      expect(await job.run({ ...walk, payload }, now), 'of a release that wrote no time').toBeUndefined()
  })
})

const COPIES = 250
const COPY = 'pay_copy'
/** More payments that stand as this one does, and have no tasks. */
const copies = (id: string): string => `
  with copy as (select '${COPY}' || lpad(n::text, 22, '0') as id from generate_series(1, ${COPIES}) n),
    payment as (
      insert into payments.payment (merchant, id, e_service, mode, reference, amount_minor, currency, pay_token, details, status,
          attention, holds_reference, sequence, created_at, changed_at)
        select merchant, copy.id, e_service, mode, 'COPY', amount_minor, currency, copy.id, details, status,
          attention, false, sequence, created_at, changed_at
        from payments.payment p, copy where p.id = '${id}')
  insert into payments.fact (merchant, payment, key, at, body)
    select merchant, copy.id, key, at, replace(body::text, '${id}', copy.id)::jsonb
    from payments.fact f, copy where f.payment = '${id}'`
