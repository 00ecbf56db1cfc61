import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toRfc3339 } from '../../src/kernel/time.ts'
import { demoFolder } from '../../src/sandbox/index.ts'
import type { TestHub } from './hub.ts'
import type { Stage } from './story.ts'
import { execute } from './test-server.ts'

/** Notices of the bogus bank made by hand, genuine or not, and what the hub has kept of all that came. */

export type Claim = {
  readonly number: string
  readonly reference: string
  readonly status?: string
  readonly amount?: number
  readonly currency?: string
  readonly merchant?: string
  /** When the payment came into that status; now, unless told. */
  readonly at?: string
  /** Money that went back, by refunds or by the bank itself, as the bank lists it. */
  readonly refunds?: readonly ClaimedBack[]
  readonly reversals?: readonly ClaimedBack[]
}
export type ClaimedBack = {
  readonly id: string
  readonly amount: number
  readonly number?: string
  readonly status?: string
}

/** The bank's own key, or a stranger's. Throw-away fixtures. */
const keyOf = (name: 'sandbox-bank' | 'stranger-ed25519') =>
  createPrivateKey(readFileSync(join(demoFolder, 'keys', `${name}.pem`)))

/** The body that says so, and its signature. */
export const bankNotice = (
  hub: Pick<Stage, 'clock'>,
  claim: Claim,
  key: Parameters<typeof keyOf>[0] = 'sandbox-bank',
) => {
  const { number, reference, status = 'paid', amount = 12_345, currency = 'EUR', merchant = 'LIEPKALNI' } = claim
  const now = toRfc3339(hub.clock.now())
  const { at = now } = claim
  const money = { amount, currency, account: 'LV07HABA0000000000001' }
  const { refunds, reversals } = claim
  const listed = (back: readonly ClaimedBack[]) =>
    back.map((one) => ({ status: 'done', ...one, currency: 'EUR', at: now }))
  const back = {
    ...(refunds ? { refunds: listed(refunds) } : {}),
    ...(reversals ? { reversals: listed(reversals) } : {}),
  }
  const payment = { id: `sbx_hand_${number}`, merchant, number, reference, status, ...money, at, ...back }
  const body = JSON.stringify({ event: `payment.${status}`, payment })
  return { body, signature: sign(null, Buffer.from(body), keyOf(key)).toString('base64') }
}

export const sendNotice = (
  hub: Pick<Stage, 'root'>,
  { body, signature }: { readonly body: string; readonly signature: string },
  path = '/psp/sandbox/liepkalni-sandbox/notice',
): Promise<Response> =>
  fetch(hub.root + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-sandbox-signature': signature },
    body,
  })

export type KeptMessage = {
  readonly id: string
  readonly verdict: string
  readonly payment: string | null
  readonly purpose: string
  readonly url: string
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** What came in from banks and payers, oldest first, raw. */
export const keptMessages = (hub: TestHub): Promise<readonly KeptMessage[]> =>
  execute<KeptMessage>(
    hub.database.url,
    `select id, verdict, payment, purpose, url, body, headers from payments.message where direction = 'in' order by id`,
  )
