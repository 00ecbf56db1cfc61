import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import type { Hub } from '../../src/payments/index.ts'
import type { Asked, Task } from '../../src/tasks/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { pursueRefund } from '../support/refunding.ts'
import { noticesOf, paidThrough, truth } from '../support/story.ts'

/** Money that a person sends back: at banks that take no refund from a program, and where a bank does not say what became of one. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const PAID = 12_345
const WORD = { by: 'A. Clerk', note: 'transfer of today' }
const paid = async (channel: string): Promise<string> => (await paidThrough(hub, channel, 'pay')).order.id
const refund = (id: string, body: unknown = {}, more = {}) => hub.api('POST', `/v1/payments/${id}/refunds`, body, more)
const refundOf = async (id: string, name: string) => (await hub.api('GET', `/v1/payments/${id}/refunds/${name}`)).body
const refundNotices = (id: string) => noticesOf(hub, id).filter((type) => type.startsWith('refund.'))
const openOf = async (id: string): Promise<readonly Task[]> =>
  (await hub.composed.desk.list({ all: false, limit: 1_000 })).filter(({ subject }) => subject === id)
const rule = async (task: Task | undefined, as: string, more: Partial<Asked> = {}) => {
  const ruled = await hub.composed.desk.rule(task?.id ?? '', { ...WORD, as, ...more })
  await hub.settle()
  return ruled.ok ? ruled.value.outcome : `${ruled.error.why}: ${ruled.error.sentence}`
}

describe('a refund at a bank that takes none from a program', () => {
  it('is requested, made by a clerk who is told to whom, how much and by which number, and done', async () => {
    const id = await paid('swedbank-lv')
    const asked = await refund(id, { amount: 5_000, reason: 'Paid for the wrong plot' })
    expect([asked.status, asked.body]).toMatchObject([
      201,
      { amount: 5_000, status: 'requested', reason: 'Paid for the wrong plot', bankReference: null },
    ])
    await hub.settle()
    const [task, ...more] = await openOf(id)
    expect([task?.kind, task?.part, more]).toEqual(['refund_by_hand', asked.body.id, []])
    const shown = await hub.composed.desk.show(task?.id ?? '')
    const [attempt] = (await truth(hub, id)).attempts
    expect(shown?.story.todo).toMatch(
      /^Transfer 50\.00 EUR from LV07HABA0000000000001 \(.+\) to .*LV\d\d\w{17}.*number \w+\. Write the reference NIN-2026-\d+/,
    )
    expect(shown?.story.happened.join('\n')).toContain(`Why: Paid for the wrong plot`)
    expect(shown?.story.happened.join('\n')).toContain(`number ${attempt?.number}`)
    expect(await rule(task, 'refund-done', { reference: '2026-77' })).toBe('closed')
    expect(await refundOf(id, asked.body.id)).toMatchObject({ status: 'done', bankReference: '2026-77' })
    expect(await truth(hub, id)).toMatchObject({ status: 'executed', refundedAmount: 5_000, attention: [] })
    expect(refundNotices(id)).toEqual(['refund.requested', 'refund.done'])
    expect(await openOf(id)).toEqual([])
    expect(await rule(task, 'refund-done')).toBe('already')
    expect(await rule(task, 'refund-failed')).toMatch(/^refused: .* was ruled refund-done by A\. Clerk/)
    expect(refundNotices(id)).toHaveLength(2)
  })

  it('that cannot be made fails, and its sum can be asked for again; never beyond what was paid', async () => {
    const id = await paid('swedbank-lv')
    expect((await refund(id)).body).toMatchObject({ amount: PAID, reason: null })
    expect((await refund(id, { amount: 1 })).body).toMatchObject({ code: 'exceeds_paid' })
    const [task] = await openOf(id)
    expect(await rule(task, 'paid')).toBe(
      'not_a_ruling: --as "paid" is not a ruling of this task: it takes refund-done, refund-failed',
    )
    expect(await rule(task, 'refund-done', { reference: ' ' })).toMatch(/^not_a_ruling: --reference/)
    expect(await rule(task, 'refund-failed')).toBe('closed')
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: 0, refunds: [{ status: 'failed' }] })
    expect(refundNotices(id)).toEqual(['refund.requested', 'refund.failed'])
    expect((await refund(id, { amount: PAID })).status).toBe(201)
    expect((await refund(id, { amount: 1 })).body).toMatchObject({ code: 'exceeds_paid' })
    expect((await openOf(id)).map(({ kind }) => kind)).toEqual(['refund_by_hand'])
  })

  it('is one task for each, and the same request again is the same refund', async () => {
    const id = await paid('swedbank-lv')
    const key = { idempotencyKey: `by-hand-${id}` }
    const [first, again] = [await refund(id, { amount: 100 }, key), await refund(id, { amount: 100 }, key)]
    expect(again.body).toEqual(first.body)
    await refund(id, { amount: 200 })
    const tasks = await openOf(id)
    expect(tasks).toHaveLength(2)
    await hub.clock.advance(10 * DAY_MS)
    expect(await openOf(id)).toEqual(tasks)
  })

  it('takes a reason of 1 to 140 characters', async () => {
    const id = await paid('swedbank-lv')
    for (const reason of ['', ' ', 'x'.repeat(141), '漢'.repeat(140), 7]) {
      const { status, body } = await refund(id, { reason })
      expect([status, body.errors.map(({ path }) => path)]).toEqual([422, ['reason']])
    }
    expect((await refund(id, { reason: 'ā'.repeat(140) })).status).toBe(201)
  })
})

describe('a refund that the hub cannot bring to an end', () => {
  /** The bank works on it for a minute, so that no notice of its own comes in between. */
  const SLOW = 1_097
  const silent: Hub['send'] = async () => ({ kind: 'unknown', why: 'the line was cut' })
  const unreachable: Hub['send'] = async () => ({ kind: 'not_sent', why: 'nobody listens' })
  /** As if the channel had these abilities and no others. */
  const able = (from: Hub, abilities: { readonly refund: 'once' | 'never'; readonly enquire: boolean }): Hub => ({
    ...from,
    merchants: {
      ...from.merchants,
      open: async (agreement, at) => {
        const open = await from.merchants.open(agreement, at)
        if (!open) return open
        const { refund: make, enquire, ...channel } = open.channel
        const once: typeof make =
          make && (async (wanted, terms) => ({ ...(await make(wanted, terms)), repeatable: false }))
        return {
          ...open,
          channel: {
            ...channel,
            ...(once && abilities.refund === 'once' ? { refund: once } : {}),
            ...(enquire && abilities.enquire ? { enquire } : {}),
          },
        }
      },
    },
  })
  const pursue = (from: Hub, id: string, name: string, tries = 0, afterMs = 0) =>
    pursueRefund(hub, from, id, name, { tries, afterMs })
  const asked = async (was?: string) => {
    const id = was ?? (await paid('sandbox'))
    return { id, name: (await refund(id, { amount: SLOW })).body.id }
  }

  it('where its call may have acted is given to a person at once, since the bank can neither be told nor asked again', async () => {
    const { id, name } = await asked()
    const mute = able({ ...hub.composed.hub, send: silent }, { refund: 'once', enquire: false })
    await pursue(mute, id, name)
    expect(await openOf(id)).toEqual([])
    await pursue(mute, id, name)
    const [task] = await openOf(id)
    expect([task?.kind, task?.part]).toEqual(['refund_unsettled', name])
    // The bank can be reached again: it is asked, and not told, since the person may have made it meanwhile.
    await pursue(hub.composed.hub, id, name)
    expect(await refundOf(id, name)).toMatchObject({ status: 'unknown' })
    expect(await rule(task, 'refund-done')).toBe('closed')
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: SLOW })
    expect(await pursue(hub.composed.hub, id, name)).toBeUndefined()
  })

  it('that surely never left is made by hand after a day, and sent no more once the bank can be reached', async () => {
    const { id, name } = await asked()
    const cut = { ...hub.composed.hub, send: unreachable }
    expect(await pursue(cut, id, name, 0, HOUR_MS)).toBeGreaterThan(0)
    expect(await openOf(id)).toEqual([])
    expect(await pursue(cut, id, name, 0, DAY_MS)).toBeUndefined()
    const [task] = await openOf(id)
    expect(task?.kind).toBe('refund_by_hand')
    await hub.settle()
    await hub.clock.advance(MINUTE_MS)
    expect(await refundOf(id, name)).toMatchObject({ status: 'requested' })
    expect(await rule(task, 'refund-failed')).toBe('closed')
    expect(await refundOf(id, name)).toMatchObject({ status: 'failed' })
  })

  it('whose channel takes none any more is made by hand, unless an earlier run may have sent it', async () => {
    const [first, second] = [await paid('sandbox'), await paid('sandbox')]
    const [never, cutOff] = [await asked(first), await asked(second)]
    const less = able(hub.composed.hub, { refund: 'never', enquire: true })
    await pursue(less, never.id, never.name)
    await pursue(less, cutOff.id, cutOff.name, 1)
    expect((await openOf(never.id)).map(({ kind }) => kind)).toEqual(['refund_by_hand'])
    expect(await refundOf(cutOff.id, cutOff.name)).toMatchObject({ status: 'unknown' })
    await pursue(less, cutOff.id, cutOff.name, 0, DAY_MS)
    expect((await openOf(cutOff.id)).map(({ kind }) => kind)).toEqual(['refund_unsettled'])
  })

  it('is not made by hand as if it never left when a run was cut off and its repeat could not leave', async () => {
    const { id, name } = await asked()
    const cut = { ...hub.composed.hub, send: unreachable }
    await pursue(cut, id, name, 1)
    expect(await refundOf(id, name)).toMatchObject({ status: 'unknown' })
    await pursue(cut, id, name, 0, DAY_MS)
    expect((await openOf(id)).map(({ kind }) => kind)).toEqual(['refund_unsettled'])
  })

  it('that its channel cannot write, or cannot ask about, comes to a person too instead of failing for ever', async () => {
    const broken = async (): Promise<never> => {
      throw new Error('a field that this payment lacks')
    }
    const from: Hub = { ...hub.composed.hub, warn: () => {} }
    const unable: Hub = {
      ...from,
      merchants: {
        ...from.merchants,
        open: async (agreement, at) => {
          const open = await from.merchants.open(agreement, at)
          return open && { ...open, channel: { ...open.channel, refund: broken, enquire: broken } }
        },
      },
    }
    const [first, second] = [await paid('sandbox'), await paid('sandbox')]
    const [never, cutOff] = [await asked(first), await asked(second)]
    expect(await pursue(unable, never.id, never.name)).toBeGreaterThan(0)
    await pursue(unable, never.id, never.name, 0, DAY_MS)
    expect((await openOf(never.id)).map(({ kind }) => kind)).toEqual(['refund_by_hand'])
    await pursue({ ...hub.composed.hub, send: silent }, cutOff.id, cutOff.name)
    await pursue(able(unable, { refund: 'never', enquire: true }), cutOff.id, cutOff.name, 0, DAY_MS)
    expect((await openOf(cutOff.id)).map(({ kind }) => kind)).toEqual(['refund_unsettled'])
  })

  it('is done after all when the bank says so, whatever was ruled, and a person is told that both spoke', async () => {
    const { id, name } = await asked()
    const lossy: Hub['send'] = async (request) => {
      await hub.composed.hub.send(request)
      return { kind: 'unknown', why: 'the line was cut' }
    }
    const mute = able({ ...hub.composed.hub, send: lossy }, { refund: 'once', enquire: false })
    await pursue(mute, id, name)
    await pursue(mute, id, name)
    expect(await rule((await openOf(id))[0], 'refund-failed')).toBe('closed')
    await hub.clock.advance(3 * MINUTE_MS)
    expect(await truth(hub, id)).toMatchObject({ refundedAmount: SLOW, refunds: [{ status: 'done' }] })
    expect(refundNotices(id)).toEqual(['refund.requested', 'refund.unknown', 'refund.failed', 'refund.done'])
    const [task] = await openOf(id)
    expect(task?.kind).toBe('refund_disputed')
    expect((await hub.composed.desk.show(task?.id ?? ''))?.story.happened.at(-1)).toBe(
      'A. Clerk ruled it refund_failed: transfer of today',
    )
    expect(await rule(task, 'settled')).toBe('closed')
    expect(await openOf(id)).toEqual([])
  })
})
