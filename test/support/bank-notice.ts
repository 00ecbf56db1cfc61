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
  readonly merchant?: string
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
  const { number, reference, status = 'paid', amount = 12_345, merchant = 'LIEPKALNI' } = claim
  const at = toRfc3339(hub.clock.now())
  const money = { amount, currency: 'EUR', account: 'LV07HABA0000000000001' }
  const payment = { id: `sbx_hand_${number}`, merchant, number, reference, status, ...money, at }
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
