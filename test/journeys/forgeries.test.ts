import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { chosen, decided, noticesOf, orderAtBank, ordered, truth } from '../support/story.ts'

/** What nobody who could be believed has said: kept to the byte with its verdict, answered, and without effect. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const atTheBank = async (channel: string, more: Readonly<Record<string, unknown>> = {}) => {
  const order = await ordered(hub, more)
  await chosen(hub, order.payUrl, channel)
  return { ...order, number: orderAtBank(hub, channel).number }
}

/** The payment as it was before, and the last message that came. */
const unmoved = async (before: unknown, id: string) => {
  await hub.settle()
  expect(await truth(hub, id)).toEqual(before)
  return (await keptMessages(hub)).at(-1)
}

describe('a forged notice', () => {
  it('with another signature is answered 400, kept and ignored', async () => {
    const { id, number, reference } = await atTheBank('sandbox')
    const before = await truth(hub, id)
    const { body } = bankNotice(hub, { number, reference })
    const { signature } = bankNotice(hub, { number, reference: 'OTHER' })
    expect((await sendNotice(hub, { body, signature })).status).toBe(400)
    const kept = await unmoved(before, id)
    expect(kept).toMatchObject({ verdict: 'untrusted', purpose: 'notice' })
    expect(kept?.body.toString()).toBe(body)
    expect(kept?.headers['x-sandbox-signature']).toBe(signature)
  })

  it.each([
    { what: 'no signature', change: (body: string) => ({ body, signature: '' }) },
    { what: 'bytes that are no JSON', change: () => ({ body: '\u0000<xml>', signature: 'AAAA' }) },
    { what: 'an empty body', change: () => ({ body: '', signature: 'AAAA' }) },
  ])('with $what is answered 400, kept and ignored', async ({ change }) => {
    const { id, number, reference } = await atTheBank('sandbox')
    const before = await truth(hub, id)
    const sent = change(bankNotice(hub, { number, reference }).body)
    expect((await sendNotice(hub, sent)).status).toBe(400)
    const kept = await unmoved(before, id)
    expect([kept?.verdict, kept?.body.toString()]).toEqual(['untrusted', sent.body])
  })

  it('signed by a stranger is answered 400, kept and ignored', async () => {
    const { id, number, reference } = await atTheBank('sandbox')
    const before = await truth(hub, id)
    expect((await sendNotice(hub, bankNotice(hub, { number, reference }, 'stranger-ed25519'))).status).toBe(400)
    expect(await unmoved(before, id)).toMatchObject({ verdict: 'untrusted' })
  })

  it('whose amount was altered on the way is ignored, the genuine one after it is not', async () => {
    const { id, number, reference } = await atTheBank('sandbox')
    const before = await truth(hub, id)
    const genuine = bankNotice(hub, { number, reference })
    const altered = genuine.body.replace('12345', '99999')
    expect((await sendNotice(hub, { ...genuine, body: altered })).status).toBe(400)
    await unmoved(before, id)
    expect((await sendNotice(hub, genuine)).status).toBe(200)
    expect(await truth(hub, id)).toMatchObject({ status: 'executed' })
  })
})

describe('a genuine message in the wrong place', () => {
  it('of another merchant’s payment at the same bank is ignored', async () => {
    const { id, number, reference } = await atTheBank('sandbox')
    const before = await truth(hub, id)
    const theirs = bankNotice(hub, { number, reference, merchant: 'EGLUPE' })
    expect((await sendNotice(hub, theirs)).status).toBe(400)
    expect(await unmoved(before, id)).toMatchObject({ verdict: 'untrusted' })
  })

  it('at the address of another payment moves the one it is about, and only that', async () => {
    const [one, other] = [await atTheBank('sandbox'), await atTheBank('sandbox')]
    const before = await truth(hub, other.id)
    const attempt = before.attempts[0]?.id
    const notice = bankNotice(hub, { number: one.number, reference: one.reference })
    await sendNotice(hub, notice, `/psp/sandbox/liepkalni-sandbox/${attempt}/notice`)
    expect(await truth(hub, one.id)).toMatchObject({ status: 'executed' })
    await unmoved(before, other.id)
  })

  it('at the agreement of another merchant is ignored', async () => {
    const { id, number, reference } = await atTheBank('sandbox')
    const before = await truth(hub, id)
    const answer = await sendNotice(hub, bankNotice(hub, { number, reference }), '/psp/sandbox/eglupe-sandbox/notice')
    expect(answer.status).toBe(400)
    expect(await unmoved(before, id)).toMatchObject({ verdict: 'untrusted' })
  })

  it('of another payment’s reference under our number is a task, not money', async () => {
    const { id, number } = await atTheBank('sandbox')
    expect((await sendNotice(hub, bankNotice(hub, { number, reference: 'ANOTHER-BILL' }))).status).toBe(200)
    await hub.settle()
    expect(await truth(hub, id)).toMatchObject({ status: 'accepted', paidAmount: 0, attention: ['echo_mismatch'] })
    expect((await visit((await truth(hub, id)).payUrl)).page).toBe('attention-checked')
  })
})

describe('a message that comes again', () => {
  it.each(['sandbox', 'swedbank-lv'])(
    'from %s thirty times at once changes nothing after the first',
    async (channel) => {
      const { id } = await atTheBank(channel)
      await decided(hub, channel, 'return_lost')
      await hub.settle()
      const before = await truth(hub, id)
      expect(before.status).toBe('executed')
      const first = (await keptMessages(hub)).filter(({ payment }) => payment === id).at(-1)
      if (!first) throw new Error('nothing was kept')
      const { pathname, search } = new URL(first.url)
      const isPost = first.body.length > 0
      const type = first.headers['content-type'] ?? 'text/plain'
      const signature = first.headers['x-sandbox-signature'] ?? ''
      const again = () =>
        fetch(hub.root + pathname + search, {
          method: isPost ? 'POST' : 'GET',
          ...(isPost ? { body: new Uint8Array(first.body) } : {}),
          headers: { 'content-type': type, 'x-sandbox-signature': signature },
        })
      const answers = await Promise.all(Array.from({ length: 30 }, again))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      await hub.settle()
      expect(await truth(hub, id)).toEqual(before)
      expect(noticesOf(hub, id)).toEqual(['payment.started', 'payment.executed'])
      const kept = (await keptMessages(hub)).filter(({ payment, url }) => payment === id && url === first.url)
      expect(kept.map(({ verdict }) => verdict)).toEqual(Array(31).fill('trusted'))
    },
  )

  it('that a payer carries and has altered shows the true state, and changes nothing', async () => {
    const { id } = await atTheBank('swedbank-lv')
    const answer = await hub.world.choose('swedbank-lv', orderAtBank(hub, 'swedbank-lv').id, 'cancel')
    if (answer.kind !== 'carry') throw new Error(answer.kind)
    const before = await truth(hub, id)
    const fields = Object.fromEntries(answer.fields)
    const altered = { ...fields, VK_SERVICE: '1111', VK_AMOUNT: '123.45', VK_CURR: 'EUR', VK_T_NO: '1' }
    const back = await visit(answer.url, { method: 'POST', body: new URLSearchParams(altered) })
    expect(back.page).toBe('processing-asking')
    expect(await unmoved(before, id)).toMatchObject({ verdict: 'untrusted', purpose: 'back' })
  })

  it('that claims to be paid in the address of the return makes the hub ask the bank', async () => {
    const { id } = await atTheBank('sandbox')
    const { attempts } = await truth(hub, id)
    const back = `${hub.root}/psp/sandbox/liepkalni-sandbox/${attempts[0]?.id}/back?payment=1&status=paid`
    expect((await visit(back)).page).toBe('processing-asking')
    expect(await truth(hub, id)).toMatchObject({ status: 'started', paidAmount: 0 })
  })
})

describe('a flood of messages that prove nothing', () => {
  it('is held back in time, while what the bank says is not', async () => {
    const { id, number, reference } = await atTheBank('sandbox')
    const forged = bankNotice(hub, { number, reference }, 'stranger-ed25519')
    const answers: Response[] = []
    const statuses = () => new Set(answers.map(({ status }) => status))
    for (let turn = 0; turn < 20 && !statuses().has(503); turn++)
      answers.push(...(await Promise.all(Array.from({ length: 60 }, () => sendNotice(hub, forged)))))
    expect(statuses()).toEqual(new Set([400, 503]))
    // One of the flood: the next one would find that some time has passed.
    const held = answers.find(({ status }) => status === 503)
    expect([held?.headers.get('retry-after'), await held?.text()]).toEqual(['60', ''])
    expect((await sendNotice(hub, bankNotice(hub, { number, reference }))).status).toBe(200)
    expect(await truth(hub, id)).toMatchObject({ status: 'executed' })
  })
})
