import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS } from '../src/kernel/time.ts'
import { type Ended, ebizness, ebiznessJson, type Place } from './support/command.ts'
import { startTestHub, type TestHub } from './support/hub.ts'
import { paidThrough, truth } from './support/story.ts'
import { openTempFolder } from './support/test-server.ts'

/** A clerk at the command line: finds what needs a person, reads what it is, and decides it. The stories follow each other. */

const SLOW_MS = 120_000

let hub: TestHub
let place: Place
let payment: string
beforeAll(async () => {
  hub = await startTestHub()
  const folder = openTempFolder('ebizness-tasks-')
  place = { folder, env: { DATABASE_URL: hub.database.url } }
  payment = (await paidThrough(hub, 'swedbank-lv', 'wrong_amount')).order.id
  await hub.clock.advance(2 * DAY_MS)
  await ebizness(place, '--version')
}, 180_000)
afterAll(async () => {
  await hub.stop()
  rmSync(place.folder, { recursive: true, force: true })
})

/** The command with words that hold spaces, as a shell would give them. */
const typed = (...args: readonly string[]): Promise<Ended> => ebizness(place, args)
const idOf = async (kind: string): Promise<string> =>
  (await hub.composed.desk.list({ all: false, kind, limit: 1 }))[0]?.id ?? ''

describe('ebizness tasks', { timeout: SLOW_MS }, () => {
  it('list names what is open, oldest first, and pages', async () => {
    const [words, json, paged, none] = await Promise.all([
      typed('tasks', 'list'),
      ebiznessJson(place, 'tasks list --kind stuck'),
      ebizness(place, 'tasks list --limit 1'),
      ebizness(place, 'tasks list --merchant nobody'),
    ])
    expect([words.code, words.out]).toEqual([
      0,
      expect.stringMatching(/^TASK +SINCE.*Another amount.*The bank leaves it open/s),
    ])
    expect(json).toMatchObject({
      code: 0,
      value: { tasks: [{ kind: 'stuck', subject: payment, merchant: 'liepkalni', closed: null }], next: null },
    })
    expect(paged.out).toContain(`There are more: repeat with --after ${await idOf('amount_mismatch')}`)
    expect([none.code, none.out]).toEqual([0, 'There is no such task.\n'])
  })

  it('show says what happened, what it means for the money, and what to type', async () => {
    const id = await idOf('stuck')
    const [words, json, none] = await Promise.all([
      ebizness(place, `tasks show ${id}`),
      ebiznessJson(place, `tasks show ${id}`),
      ebizness(place, 'tasks show tsk_none'),
    ])
    for (const line of [
      'What happened',
      '123.45 EUR was ordered',
      'Nothing counts as paid',
      'Look at the account statement',
    ])
      expect(words.out).toContain(line)
    expect(words.out).toContain(`ebizness tasks rule ${id} --as not-paid --by "Your name" --note "…"`)
    expect(json).toMatchObject({
      code: 0,
      value: {
        id,
        commands: [{ as: 'paid', command: expect.stringContaining(`rule ${id} --as paid --by`) }, { as: 'not-paid' }],
        rulings: { paid: expect.any(String) },
        money: expect.any(String),
      },
    })
    expect([none.code, none.out, none.said]).toEqual([1, '', expect.stringContaining('there is no task tsk_none')])
  })

  it('rule decides once, keeps name and note, and tells what it cannot take', async () => {
    const id = await idOf('stuck')
    const rule = (as: string) =>
      typed('tasks', 'rule', id, '--as', as, '--by', 'A. Clerk', '--note', 'on the statement of 3 May')
    const unknown = await rule('maybe')
    expect([unknown.code, unknown.out, unknown.said]).toEqual([
      2,
      '',
      expect.stringContaining('it takes paid, not-paid'),
    ])
    const ruled = await rule('paid')
    expect([ruled.code, ruled.out]).toEqual([0, 'Ruled. The task is closed.\n'])
    expect(await truth(hub, payment)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    const [again, other, shown] = await Promise.all([
      rule('paid'),
      rule('not-paid'),
      ebizness(place, `tasks show ${id}`),
    ])
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('nothing was done twice')])
    expect([other.code, other.out, other.said]).toEqual([1, '', expect.stringContaining('was ruled paid by A. Clerk')])
    expect(shown.out).toMatch(/Closed\n {2}paid by A\. Clerk at \S+: on the statement of 3 May/)
  })

  it('lead a clerk from a payment to the transfer that is to be made, and to its end', async () => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const asked = await hub.api('POST', `/v1/payments/${order.id}/refunds`, { amount: 2_000, reason: 'wrong plot' })
    const id = await idOf('refund_by_hand')
    const [payment, about, shown] = await Promise.all([
      ebizness(place, `payments show ${order.id}`),
      ebiznessJson(place, `tasks list --about ${order.id}`),
      ebizness(place, `tasks show ${id}`),
    ])
    expect(payment.out).toContain(`NEEDS A PERSON: see ebizness tasks show\n  ${id}  Pay back by hand`)
    expect(payment.out).toContain('waits for a clerk who pays it back by hand')
    expect(about).toMatchObject({ value: { tasks: [{ id, part: asked.body.id }], next: null } })
    expect(shown.out).toMatch(/Transfer 20\.00 EUR from LV07HABA0000000000001 \(.+\) to .*LV\d\d/)
    const words = ['--by', 'A. Clerk', '--note', 'transfer of 4 May', '--reference', '2026-0815']
    const done = await typed('tasks', 'rule', id, '--as', 'refund-done', ...words)
    expect([done.code, done.out]).toEqual([0, 'Ruled. The task is closed.\n'])
    expect(await truth(hub, order.id)).toMatchObject({
      refundedAmount: 2_000,
      refunds: [{ status: 'done', reason: 'wrong plot', bankReference: '2026-0815' }],
    })
  })

  it('that cannot be answered as asked says so and ends with 2', async () => {
    const answers = await Promise.all([
      ebizness(place, 'tasks list --limit 0'),
      ebizness(place, 'tasks list --kind boredom'),
      ebizness(place, `tasks rule ${await idOf('amount_mismatch')} --as settled --by Anna`),
    ])
    expect(answers.map(({ code, out }) => [code, out])).toEqual([
      [2, ''],
      [2, ''],
      [2, ''],
    ])
    expect(answers[1]?.said).toContain('there are paid_late, paid_twice')
  })
})
