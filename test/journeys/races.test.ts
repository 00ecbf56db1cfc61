import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../src/kernel/time.ts'
import { beginAttempt } from '../../src/payments/begin.ts'
import { enquire } from '../../src/payments/enquire.ts'
import { nextDeadline, stateOf } from '../../src/payments/payment.ts'
import { loadPayment } from '../../src/payments/store/index.ts'
import { CommitUnknown, type Db } from '../../src/platform/db/db.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { formsOf, submit, type Visit, visit } from '../support/payer.ts'
import { chosen, decided, ordered, truth } from '../support/story.ts'

/** What happens at once, or twice. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const choiceOf = async (payUrl: string) => {
  const page = await visit(`${payUrl}?choose=yes`)
  const form = formsOf(page).find((one) => one.action.includes('/choose'))
  if (!form) throw new Error(page.text)
  return form
}

describe('two choices at once', () => {
  it('of one bank, as by a double click, both lead there, with one attempt', async () => {
    const order = await ordered(hub)
    const form = await choiceOf(order.payUrl)
    const seen = await Promise.all([1, 2, 3].map(() => submit(form, { offer: 'swedbank-lv' })))
    expect(seen.map(({ page }) => page)).toEqual(['going', 'going', 'going'])
    expect((await truth(hub, order.id)).attempts).toHaveLength(1)
  })

  it('of two banks begin one attempt, and ask about the other', async () => {
    const order = await ordered(hub)
    const form = await choiceOf(order.payUrl)
    const seen: readonly Visit[] = await Promise.all(['swedbank-lv', 'sandbox'].map((offer) => submit(form, { offer })))
    const { attempts } = await truth(hub, order.id)
    expect(attempts.length, JSON.stringify(seen.map((one) => [one.page, one.status]))).toBe(1)
    expect(seen.map(({ page }) => page)).toContain('confirm')
  })
})

describe('a decision that falls while the bank is being called', () => {
  /** The bank has taken the order, and its answer is still on its way when `meanwhile` happens. */
  const begunWhile = async (
    payUrl: string,
    id: string,
    meanwhile: () => Promise<unknown>,
    before: () => Promise<unknown> = async () => undefined,
  ) => {
    const { hub: node } = hub.composed
    const slow: typeof node = {
      ...node,
      send: async (request) => {
        await before()
        const sent = await node.send(request)
        await meanwhile()
        return sent
      },
    }
    const loaded = await loadPayment(hub.database.db, 'liepkalni', id)
    if (!loaded) throw new Error(id)
    const banks = hub.world.orders().length
    const begun = await beginAttempt(slow, loaded, 'sandbox', false)
    expect(hub.world.orders().length).toBe(banks + 1)
    return { begun, page: (await visit(`${payUrl}?back=yes`)).page }
  }

  it('a cancel: the payer is not led to pay what is being cancelled, and money that comes all the same is heard', async () => {
    const order = await ordered(hub)
    const cancel = () => hub.api('POST', `/v1/payments/${order.id}/cancel`)
    expect(await begunWhile(order.payUrl, order.id, cancel)).toEqual({ begun: { kind: 'not_going' }, page: 'closing' })
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', closing: 'cancelled' })
    await decided(hub, 'sandbox', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
  })

  it('an enquiry that overtakes the order: "no such payment" closes nothing, and money that comes is not late', async () => {
    const order = await ordered(hub)
    const nothing = async () => undefined
    const cancel = async () => {
      await hub.api('POST', `/v1/payments/${order.id}/cancel`)
      await hub.settle()
      expect(await truth(hub, order.id)).toMatchObject({ final: false, closing: 'cancelled' })
    }
    const { begun } = await begunWhile(order.payUrl, order.id, nothing, cancel)
    expect(begun).toEqual({ kind: 'not_going' })
    await decided(hub, 'sandbox', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', attention: [] })
  })

  it('a cancel, and the process dies before the order was sent: a later enquiry ends the attempt, and closes', async () => {
    const order = await ordered(hub)
    const { hub: node } = hub.composed
    const dead = new Error('the process has died')
    const dying: typeof node = { ...node, send: () => Promise.reject(dead) }
    const loaded = await loadPayment(hub.database.db, 'liepkalni', order.id)
    if (!loaded) throw new Error(order.id)
    await expect(beginAttempt(dying, loaded, 'sandbox', false)).rejects.toBe(dead)
    await hub.api('POST', `/v1/payments/${order.id}/cancel`)
    await hub.settle()
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', closing: 'cancelled' })
    await hub.clock.advance(5 * MINUTE_MS)
    await hub.settle()
    expect(await truth(hub, order.id)).toMatchObject({ status: 'cancelled', attempts: [{ reason: 'not_begun' }] })
  })

  it('another choice in another window: only the bank that was chosen last is gone to', async () => {
    const order = await ordered(hub)
    const form = await choiceOf(order.payUrl)
    const elsewhere = async () => {
      expect((await submit(form, { offer: 'swedbank-lv', 'not-paid': 'yes' })).page).toBe('going')
    }
    expect((await begunWhile(order.payUrl, order.id, elsewhere)).begun).toEqual({ kind: 'not_going' })
    const { attempts } = await truth(hub, order.id)
    expect(attempts.map(({ offer, status }) => [offer, status])).toEqual([
      ['sandbox', 'started'],
      ['swedbank-lv', 'started'],
    ])
  })
})

describe('an order that allows one attempt', () => {
  const ONE = { channel: 'sandbox', attempts: 'one' }
  const loaded = async (id: string) => {
    const found = await loadPayment(hub.database.db, 'liepkalni', id)
    if (!found) throw new Error(id)
    return found
  }

  const gate = () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    return { open, opened }
  }

  it('ends as cancelled where it was cancelled while the payer was at the bank, and the payer cancels there too', async () => {
    const order = await ordered(hub, ONE)
    await visit(`${order.payUrl}?channel=sandbox`)
    const asked = await hub.api('POST', `/v1/payments/${order.id}/cancel`)
    expect([asked.status, asked.body.closing]).toEqual([202, 'cancelled'])
    await decided(hub, 'sandbox', 'cancel')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'cancelled', final: true })
  })

  it('leads a payer who clicked twice to the bank that has taken the second call, though the first was not sent', async () => {
    const order = await ordered(hub, ONE)
    const { hub: node } = hub.composed
    const [isSending, over] = [gate(), gate()]
    const reaching: typeof node = {
      ...node,
      send: async (request) => {
        isSending.open()
        await over.opened
        return node.send(request)
      },
    }
    let second: ReturnType<typeof beginAttempt> | undefined
    const failing: typeof node = {
      ...node,
      send: async () => {
        second ??= beginAttempt(reaching, await loaded(order.id), 'sandbox', false)
        await isSending.opened
        return { kind: 'not_sent', why: 'no answer from the name server' }
      },
    }
    const first = await beginAttempt(failing, await loaded(order.id), 'sandbox', false)
    over.open()
    expect([first.kind, (await second)?.kind]).toEqual(['not_going', 'going'])
    await decided(hub, 'sandbox', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', attention: [] })
  })
})

describe('an attempt whose bank can no longer be asked', () => {
  it('is not due again at once, so that its job does not run in circles', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const { attempts } = await truth(hub, order.id)
    const { merchants } = hub.composed.hub
    const gone = { ...hub.composed.hub, merchants: { ...merchants, open: async () => undefined } }
    expect(await enquire(gone, 'liepkalni', order.id, attempts[0]?.id ?? '')).toBe('cannot_ask')
    const after = await loadPayment(hub.database.db, 'liepkalni', order.id)
    expect(nextDeadline(stateOf(after?.facts ?? []))).toBeGreaterThan(hub.clock.now())
  })
})

describe('a commit whose answer is lost', () => {
  /** Commits, and says every second time that it does not know. */
  const forgetful = (db: Db): Db => {
    let commits = 0
    const tx: Db['tx'] = async (work) => {
      const value = await db.tx(work)
      if (commits++ % 2 === 1) throw new CommitUnknown('the connection was lost during commit')
      return value
    }
    return { ...db, tx }
  }

  it('after the bank was called loses nothing of what it answered, and tells it once', async () => {
    const order = await ordered(hub)
    const loaded = await loadPayment(hub.database.db, 'liepkalni', order.id)
    if (!loaded) throw new Error(order.id)
    const node = { ...hub.composed.hub, db: forgetful(hub.database.db) }
    const begun = await beginAttempt(node, loaded, 'sandbox', false)
    expect(begun.kind).toBe('going')
    const { attempts, events } = await truth(hub, order.id)
    expect([attempts.length, events]).toMatchObject([1, [{ type: 'payment.started', sequence: 1 }]])
    expect((await visit(`${order.payUrl}?channel=sandbox`)).url).toContain(hub.world.root)
  })
})
