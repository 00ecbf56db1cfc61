import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Channel, ListedChannel } from '../../src/channels/index.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { type Hub, messageTasks, paymentJobs } from '../../src/payments/index.ts'
import type { Task } from '../../src/tasks/index.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { type Node, startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, orderAtBank, ordered, truth } from '../support/story.ts'

/** Messages that find no place: after an hour a person is told, once for all of an agreement's. */

let hub: TestHub
let locked: Node
beforeAll(async () => {
  hub = await startTestHub({ channels: (listed) => listed.map(tellingOfTwo) })
  // As after a start with another master key: what was sealed does not open.
  locked = await hub.beside({ masterKey: new Uint8Array(32) })
})
afterAll(async () => {
  await locked.stop()
  await hub.stop()
})

/** A bank whose message may tell of a further payment, as that of a gateway may: here in a header. */
const tellingOfTwo = (listed: ListedChannel): ListedChannel => {
  const { channel } = listed
  const read: Channel['read'] = async (message, agreement) => {
    const heard = await channel.read(message, agreement)
    const number = message.headers['x-also-paid']
    const [first] = heard.readings
    return number === undefined || first?.says !== 'paid'
      ? heard
      : {
          ...heard,
          readings: [...heard.readings, { says: 'paid', about: { number }, states: { amount: 'as ordered' } }],
        }
  }
  return { ...listed, channel: { ...channel, read } }
}

const AGREEMENT = 'liepkalni-sandbox'
const WORD = { by: 'A. Clerk', note: 'asked the bank', as: 'settled' }
const openOf = async (kind: string): Promise<readonly Task[]> =>
  (await hub.composed.desk.list({ all: false, kind, limit: 1_000 })).filter(({ subject }) => subject === AGREEMENT)
const story = async (task: Task | undefined) =>
  (await hub.composed.desk.show(task?.id ?? ''))?.story.happened.join('\n') ?? ''
let strangers = 900_000
const fromNowhere = async () => {
  const notice = bankNotice(hub, { number: String(++strangers), reference: 'NOBODY' })
  expect((await sendNotice(hub, notice)).status).toBe(200)
}

describe('messages about no payment', () => {
  it('are one task after an hour, told with their numbers; a word covers those that waited, and later ones ask again', async () => {
    for (let count = 0; count < 12; count++) await fromNowhere()
    await hub.clock.advance(50 * MINUTE_MS)
    expect(await openOf('message_parked')).toEqual([])
    await fromNowhere()
    await hub.clock.advance(11 * MINUTE_MS)
    const [task, ...more] = await openOf('message_parked')
    expect(more).toEqual([])
    const told = await story(task)
    expect(told).toMatch(/^12 messages to the agreement liepkalni-sandbox \(sandbox\)/)
    expect(told).toMatch(/msg_\w+, a notice of \S+: the number 90000\d: paid 123\.45 EUR/)
    expect(told).toContain('And 2 more.')
    const ruled = await hub.composed.desk.rule(task?.id ?? '', WORD)
    expect(ruled).toMatchObject({ ok: true, value: { outcome: 'closed' } })
    expect(await hub.composed.desk.rule(task?.id ?? '', WORD)).toMatchObject({ value: { outcome: 'already' } })
    expect(await openOf('message_parked')).toEqual([])
    await hub.clock.advance(HOUR_MS)
    const [again] = await openOf('message_parked')
    expect(await story(again)).toMatch(/^1 messages/)
    await hub.composed.desk.rule(again?.id ?? '', WORD)
    await hub.clock.advance(2 * DAY_MS)
    expect(await openOf('message_parked')).toEqual([])
  })
})

describe('a message about two payments', () => {
  const begun = async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    return { ...order, number: orderAtBank(hub, 'sandbox').number }
  }
  const tellOfBoth = async ({ number, reference }: { number: string; reference: string }, also: string) => {
    const { body, signature } = bankNotice(hub, { number, reference })
    const headers = { 'x-sandbox-signature': signature, 'x-also-paid': also }
    return fetch(`${hub.root}/psp/sandbox/${AGREEMENT}/notice`, { method: 'POST', headers, body })
  }

  it('of which one is not known yet is heard of the other at once, and of that one as soon as it is known', async () => {
    const waiting = async () => (await keptMessages(hub)).filter(({ verdict }) => verdict === 'parked').length
    const before = await waiting()
    const known = await begun()
    const next = String(Number(known.number) + 1)
    expect((await tellOfBoth(known, next)).status).toBe(200)
    expect(await truth(hub, known.id)).toMatchObject({ status: 'executed' })
    const late = await begun()
    expect(late.number).toBe(next)
    await hub.clock.advance(2 * MINUTE_MS)
    expect(await truth(hub, late.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    expect(await waiting()).toBe(before)
  })

  it('of which one is never known is a person’s task, though the other was heard', async () => {
    const known = await begun()
    await tellOfBoth(known, '999998')
    expect(await truth(hub, known.id)).toMatchObject({ status: 'executed' })
    await hub.clock.advance(61 * MINUTE_MS)
    const [task] = await openOf('message_parked')
    expect(await story(task)).toContain('the number 999998')
    await hub.composed.desk.rule(task?.id ?? '', WORD)
  })
})

describe('messages that cannot be read', () => {
  const unread = async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const { number } = orderAtBank(hub, 'sandbox')
    const notice = bankNotice(hub, { number, reference: order.reference })
    return { id: order.id, notice }
  }
  /** What its job does with each of these messages, so much later. */
  const tryLater = async (from: Hub, ids: readonly string[], afterMs: number) => {
    const clock = { now: () => hub.clock.now() + afterMs }
    const job = paymentJobs({ ...from, clock }, hub.composed.tokens).find(({ kind }) => kind === 'payments.parked')
    const runs = ids.map((id) => job?.run({ key: `liepkalni/${id}`, payload: null, tries: 0 }, clock.now()))
    return Promise.all(runs)
  }

  it('are a task after an hour, which ends by itself when all of them could be read', async () => {
    const [one, two] = [await unread(), await unread()]
    for (const { notice } of [one, two])
      expect((await sendNotice({ ...hub, root: locked.root }, notice)).status).toBe(503)
    const kept = (await keptMessages(hub)).filter(({ verdict }) => verdict === 'fault')
    const ids = kept.map(({ id }) => id)
    expect(ids).toHaveLength(2)
    await tryLater(locked.composed.hub, ids, 59 * MINUTE_MS)
    expect(await openOf('message_unread')).toEqual([])
    await tryLater(locked.composed.hub, ids, HOUR_MS)
    const [task, ...more] = await openOf('message_unread')
    expect([task?.kind, more]).toEqual(['message_unread', []])
    expect((await hub.composed.desk.show(task?.id ?? ''))?.story.money).toMatch(/^None that was read/)
    expect(await tryLater(hub.composed.hub, ids, 2 * HOUR_MS)).toEqual([undefined, undefined])
    expect(await openOf('message_unread')).toEqual([])
    expect(await hub.composed.desk.show(task?.id ?? '')).toMatchObject({ task: { closed: { as: 'by_itself' } } })
    for (const { id } of [one, two]) expect(await truth(hub, id)).toMatchObject({ status: 'executed' })
  })

  it('that a person has ruled are tried on and asked about no more; a later one asks again', async () => {
    const send = async (): Promise<string> => {
      const { notice } = await unread()
      expect((await sendNotice({ ...hub, root: locked.root }, notice)).status).toBe(503)
      return (await keptMessages(hub)).findLast(({ verdict }) => verdict === 'fault')?.id ?? ''
    }
    const first = await send()
    await tryLater(locked.composed.hub, [first], HOUR_MS)
    const [task] = await openOf('message_unread')
    const later = { ...hub.composed.hub, clock: { now: () => hub.clock.now() + HOUR_MS } }
    await messageTasks(later).rule(task ?? expect.fail('no task'), { ...WORD, as: 'settled' })
    const [next] = await tryLater(locked.composed.hub, [first], 2 * HOUR_MS)
    expect(next).toBeGreaterThan(hub.clock.now() + 2 * HOUR_MS)
    expect(await openOf('message_unread')).toEqual([])
    await hub.clock.advance(30 * MINUTE_MS)
    const second = await send()
    await tryLater(locked.composed.hub, [first, second], 2 * HOUR_MS)
    expect(await openOf('message_unread')).toHaveLength(1)
  })
})
