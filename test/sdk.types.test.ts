import { expect, test } from 'vitest'
import type { z } from 'zod'
import type { OFFER_ROUTES } from '../src/payments/api-offers.ts'
import type { PAYMENT_ROUTES } from '../src/payments/api-payments.ts'
import type { SignedReceipt } from '../src/payments/receipts/schemas.ts'
import type * as shapes from '../src/payments/schemas.ts'
import type * as sdk from '../src/sdk/index.ts'

type Lists = (typeof PAYMENT_ROUTES)['list']['request']['query']
type Channels = (typeof OFFER_ROUTES)['channels']['request']['query']
type Channel<Shape> = Omit<Shape, 'channels'>

/** Does not compile once the hub tells something else than the SDK says, or the SDK lets through what the hub refuses. */
type Told = {
  readonly payment: (one: z.infer<typeof shapes.PaymentView>) => sdk.Payment
  readonly whole: (one: z.infer<typeof shapes.WholePayment>) => sdk.WholePayment
  readonly offer: (one: z.infer<typeof shapes.OfferView>) => sdk.Offer
  readonly event: (one: z.infer<typeof shapes.EventView>) => sdk.HubEvent
  readonly refund: (one: z.infer<typeof shapes.RefundView>) => sdk.Refund
  readonly order: (one: Channel<sdk.NewPayment>) => Channel<z.input<typeof shapes.NewPayment>>
  readonly receipt: (one: z.infer<typeof SignedReceipt>) => sdk.SignedReceipt
  readonly back: (one: sdk.NewRefund) => z.input<typeof shapes.NewRefund>
}

/** Names of all fields, those inside others with their path. */
type Fields<Shape, At extends string = ''> = Shape extends readonly (infer One)[]
  ? Fields<One, At>
  : Shape extends string | number | boolean | null | undefined
    ? never
    : string extends keyof Shape
      ? never
      : {
          [Name in keyof Shape & string]-?: `${At}${Name}` | Fields<NonNullable<Shape[Name]>, `${At}${Name}.`>
        }[keyof Shape & string]
type OnlyIn<One, Other> = Exclude<Fields<One>, Fields<Other>>

/** Does not compile while a field that the API's schemas have is not in `src/sdk/types.ts`, or the other way round. The error names the fields. */
type Same<_LacksInSdk extends never, _LacksInApi extends never> = true
type Both<Api, Sdk> = [OnlyIn<Api, Sdk>, OnlyIn<Sdk, Api>]
type Payments = Both<z.infer<typeof shapes.WholePayment>, sdk.WholePayment>
type Orders = Both<z.input<typeof shapes.NewPayment>, sdk.NewPayment>
type Offers = Both<z.infer<typeof shapes.OfferView>, sdk.Offer>
type Events = Both<z.infer<typeof shapes.EventView>, sdk.HubEvent>
type Refunds = Both<z.input<typeof shapes.NewRefund>, sdk.NewRefund>
type Receipts = Both<z.infer<typeof SignedReceipt>, sdk.SignedReceipt>
type Filters = Both<z.input<Lists>, sdk.PaymentFilter>
type OfferQueries = Both<z.input<Channels>, sdk.OfferQuery>
type Complete = [
  Same<Payments[0], Payments[1]>,
  Same<Orders[0], Orders[1]>,
  Same<Offers[0], Offers[1]>,
  Same<Events[0], Events[1]>,
  Same<Refunds[0], Refunds[1]>,
  Same<Receipts[0], Receipts[1]>,
  Same<Filters[0], Filters[1]>,
  Same<OfferQueries[0], OfferQueries[1]>,
]

test('the types are the hub’s, and lack no field', () => {
  const same = <One>(one: One): One => one
  const told: Told = {
    payment: same,
    whole: same,
    offer: same,
    event: same,
    refund: same,
    receipt: same,
    order: same,
    back: same,
  }
  const complete: Complete = [true, true, true, true, true, true, true, true]
  expect(Object.keys(told)).toHaveLength(complete.length)
})
