import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { answerTo } from '../torture/asking.ts'
import { type Asked, allPayments } from '../torture/feed.ts'

/** An e-service that gives money back while everything is upgraded: a cent of one executed payment after the other. */
/** What was acknowledged, by the refund's id: enough to ask for it again. */
export type AskedFor = { readonly payment: string; readonly idempotencyKey: string }
export type Refunds = {
  readonly asked: ReadonlyMap<string, AskedFor>
  /** One of this payment, which is executed, besides those it asks for by itself. */
  ask(payment: string): Promise<void>
  stop(): Promise<void>
}

const Listed = z.object({ payments: z.array(z.object({ id: z.string(), paidAmount: z.int() })) })
const Refund = z.object({ id: z.string(), amount: z.int(), status: z.string() })
const Refunded = z.object({ refunds: z.array(Refund) })
const Paid = z.object({ attempts: z.array(z.object({ offer: z.string(), status: z.string() })) })
const PAUSE_MS = 300
export const REFUND_MINOR = 1

export const askForRefunds = (around: Asked): Refunds => {
  const { hubRoot, apiKey, ledger } = around
  const asked = new Map<string, AskedFor>()
  const done = new Set<string>()
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  let over = false
  const next = async (): Promise<string | undefined> => {
    const answer = await answerTo(ledger, { url: `${hubRoot}/v1/payments?status=executed&limit=20`, init: { headers } })
    const { payments } = Listed.parse(JSON.parse(answer?.text ?? ''))
    return payments.find(({ id, paidAmount }) => paidAmount > 0 && !done.has(id))?.id
  }
  const ask = async (payment: string): Promise<void> => {
    const wanted = { payment, idempotencyKey: randomUUID() }
    const answer = await askBack(around, wanted)
    if (answer?.status === 201) asked.set(Refund.parse(JSON.parse(answer.text)).id, wanted)
    else ledger.breaches.push(`a refund of ${payment} was answered ${answer?.status}: ${answer?.text}`)
  }
  const refund = async (payment: string): Promise<void> => {
    done.add(payment)
    const url = `${hubRoot}/v1/payments/${payment}`
    const seen = await answerTo(ledger, { url, init: { headers } })
    const { attempts } = Paid.parse(JSON.parse(seen?.text ?? ''))
    if (!attempts.some(({ offer, status }) => offer === 'sandbox' && status === 'executed')) return
    await ask(payment)
  }
  const work = async (): Promise<void> => {
    while (!over) {
      const payment = await next()
      if (payment !== undefined) await refund(payment)
      await pause(PAUSE_MS)
    }
  }
  const worked = work().catch((fault: unknown) => void ledger.breaches.push(`asking for refunds: ${fault}`))
  return {
    asked,
    ask,
    stop: () => {
      over = true
      return worked
    },
  }
}

/** Asks for one, for the first time or again. */
export const askBack = ({ hubRoot, apiKey, ledger }: Asked, { payment, idempotencyKey }: AskedFor) =>
  answerTo(ledger, {
    url: `${hubRoot}/v1/payments/${payment}/refunds`,
    init: {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': idempotencyKey,
      },
      body: JSON.stringify({ amount: REFUND_MINOR }),
    },
  })

/** Every refund that was acknowledged is done, and the bank gave back each cent once. */
export const judgeRefunds = async (
  around: Asked,
  asked: ReadonlyMap<string, AskedFor>,
  givenBackMinor: number,
): Promise<readonly string[]> => {
  const refunds = (await allPayments(around)).flatMap(({ view }) => Refunded.parse(view).refunds)
  const doneMinor = refunds.filter(({ status }) => status === 'done').reduce((sum, { amount }) => sum + amount, 0)
  const done = new Set(refunds.filter(({ status }) => status === 'done').map(({ id }) => id))
  return [
    ...[...asked.keys()].filter((id) => !done.has(id)).map((id) => `${id} was acknowledged and is not done`),
    ...(doneMinor === givenBackMinor ? [] : [`the bank gave back ${givenBackMinor}, the hub says ${doneMinor}`]),
  ]
}
