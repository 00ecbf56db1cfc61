import { randomUUID } from 'node:crypto'
import type { Chance } from './chance.ts'
import type { Ledger } from './ledger.ts'

/** What payers and e-services live among. */

export type Surroundings = {
  readonly hubRoot: string
  readonly bankRoot: string
  readonly shopRoot: string
  readonly apiKey: string
  readonly ledger: Ledger
  readonly chance: Chance
  /** One payer in so many has forgotten the first bank and pays at the second as well; absent: none. */
  readonly forgetfulIn?: number
}

export type Ordered = { readonly id: string; readonly payUrl: string }
export const called = (around: Surroundings, body: unknown): RequestInit => ({
  method: 'POST',
  headers: {
    authorization: `Bearer ${around.apiKey}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  },
  body: JSON.stringify(body),
})
