import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { answerTo } from './asking.ts'
import { PaymentShape } from './feed.ts'
import { called, type Ordered, type Surroundings } from './surroundings.ts'

/** What an e-service does that has changed its mind. */

const RefundAnswer = z.object({ id: z.string() })
/** It is paid within moments, or so late that this e-service has lost its patience. */
const MAX_LOOKS = 6
const LOOK_EVERY_MS = 300
const PARTS = 2
/** Amounts that end in 97 and 98 make the bogus bank take its time. */
const WHOLE = 100

/** Asks for a part of the money back, and perhaps for another. Only where a bank makes it: what a clerk has to do is no matter of this. */
export const refund = async (around: Surroundings, { id }: Ordered): Promise<void> => {
  const { ledger, chance, hubRoot } = around
  const init = { headers: { authorization: `Bearer ${around.apiKey}` } }
  for (let look = 1; look <= MAX_LOOKS; look++, await pause(LOOK_EVERY_MS)) {
    const answer = await answerTo(ledger, { url: `${hubRoot}/v1/payments/${id}`, init })
    const { amount, attempts } = PaymentShape.parse(JSON.parse(answer?.text ?? ''))
    const paid = attempts.find(({ status }) => status === 'executed')
    if (!paid) continue
    if (paid.offer !== 'sandbox' || amount < PARTS * WHOLE) return
    for (let part = 0; part < chance.between(1, PARTS); part++) {
      await askBack(around, id, {
        attempt: paid.id,
        amount: chance.between(1, Math.floor(amount / PARTS / WHOLE)) * WHOLE,
      })
    }
    return
  }
}

type Wanted = { readonly attempt: string; readonly amount: number }

const askBack = async (around: Surroundings, payment: string, wanted: Wanted): Promise<void> => {
  const { ledger, hubRoot } = around
  const answer = await answerTo(ledger, {
    url: `${hubRoot}/v1/payments/${payment}/refunds`,
    init: called(around, wanted),
  })
  if (answer?.status !== 201) {
    ledger.breaches.push(`a refund of ${payment} was answered ${answer?.status}: ${answer?.text}`)
    return
  }
  const { id } = RefundAnswer.parse(JSON.parse(answer.text))
  ledger.refunds.set(id, { payment, amountMinor: wanted.amount })
}
