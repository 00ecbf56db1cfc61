import { z } from 'zod'
import { type Instant, parseInstant } from '../../src/kernel/time.ts'
import type { Fact } from '../../src/payments/facts.ts'
import { stateOf } from '../../src/payments/payment.ts'
import { verdictOf, whatThePageSays } from '../support/oracle.ts'
import type { BankOrder } from './banks.ts'
import { E_SERVICE, type Installation } from './installation.ts'
import type { Surroundings } from './people.ts'
import { HUB_ROOT } from './places.ts'
import type { Stage } from './stage.ts'

/** What the hub says and holds when all is over. */
export type Evidence = {
  readonly payments: readonly PaymentSeen[]
  readonly bank: readonly BankOrder[]
  readonly events: readonly EventSeen[]
  /** The feed as it is read from its beginning. */
  readonly feed: readonly { readonly id: string; readonly payment: string; readonly sequence: number }[]
  readonly tasks: readonly { readonly kind: string; readonly subject: string; readonly part: string }[]
  readonly facts: ReadonlyMap<string, readonly Fact[]>
  /** Jobs that are still to be done for payments. */
  readonly jobs: readonly string[]
  readonly owed: number
}

const View = z.object({
  id: z.string(),
  reference: z.string(),
  status: z.string(),
  final: z.boolean(),
  closing: z.string().nullable(),
  amount: z.number(),
  attention: z.array(z.string()),
  paidAmount: z.number(),
  refundedAmount: z.number(),
  createdAt: z.string(),
  reversedAmount: z.number(),
  attempts: z.array(z.object({ id: z.string(), offer: z.string(), number: z.string(), status: z.string() })),
  refunds: z.array(z.object({ id: z.string(), amount: z.number(), status: z.string(), origin: z.string() }).loose()),
})

export type PaymentSeen = {
  readonly view: z.infer<typeof View>
  /** `data.payment` of the newest event, and the same fields as a GET shows them. */
  readonly told: string
  readonly shown: string
}
export type EventSeen = {
  readonly id: string
  readonly payment: string
  readonly sequence: number
  readonly at: Instant
  readonly type: string
  readonly status: string
  readonly refunds: readonly { readonly id: string; readonly status: string }[]
  /** `data.payment`, as it was told. */
  readonly told: string
  /** The transaction that appended it. */
  readonly transaction: string
}

const Body = z.object({
  type: z.string(),
  timestamp: z.string(),
  sequence: z.number(),
  data: z.object({ payment: z.record(z.string(), z.unknown()) }),
})
const Told = z.object({
  id: z.string(),
  status: z.string(),
  refunds: z.array(z.object({ id: z.string(), status: z.string() })),
})
const FeedPage = z.object({
  events: z.array(
    z
      .object({
        id: z.string(),
        sequence: z.number(),
        data: z.object({ payment: z.object({ id: z.string() }).loose() }).loose(),
      })
      .loose(),
  ),
  cursor: z.string(),
  more: z.boolean(),
})

/** Asks the hub, as its e-service would, and looks into its tables. */
export const gather = async ({ pool }: Installation, stage: Stage, around: Surroundings): Promise<Evidence> => {
  const rows = async <Row>(sql: string): Promise<readonly Row[]> => (await pool.query(sql)).rows as never
  const ids = await rows<{ id: string }>(`select id from payments.payment where e_service = '${E_SERVICE}' order by id`)
  const events = (
    await rows<{ id: string; body: string; transaction: string }>(
      'select id, body, xmin::text as transaction from notices.event order by subject, sequence',
    )
  ).map(({ body, ...row }) => ({ ...row, ...Body.parse(JSON.parse(body)) }))
  const payments: PaymentSeen[] = []
  for (const { id } of ids) {
    const text = await asked(stage, around, `/v1/payments/${id}`)
    const whole: Record<string, unknown> = JSON.parse(text)
    const newest = events.findLast((event) => event.data.payment.id === id)?.data.payment
    const shown = newest && Object.fromEntries(Object.keys(newest).map((key) => [key, whole[key]]))
    payments.push({
      view: View.parse(whole),
      told: JSON.stringify(newest ?? null),
      shown: JSON.stringify(shown ?? null),
    })
  }
  const facts = new Map<string, Fact[]>()
  for (const { payment, body } of await rows<{ payment: string; body: Fact }>(
    'select payment, body from payments.fact order by payment, key',
  ))
    facts.set(payment, [...(facts.get(payment) ?? []), body])
  const [owed] = await rows<{ count: number }>('select count(*)::int as count from notices.dispatch')
  return {
    payments,
    bank: around.banks.orders(),
    events: events.map(({ id, type, sequence, timestamp, transaction, data }) => {
      const { id: payment, status, refunds } = Told.parse(data.payment)
      const told = JSON.stringify(data.payment)
      return { id, type, sequence, transaction, at: parseInstant(timestamp) ?? 0, payment, status, refunds, told }
    }),
    feed: await readFeed(stage, around),
    tasks: await rows('select kind, subject, part from tasks.task where closed_at is null order by subject, kind'),
    facts,
    jobs: (await rows<{ key: string }>("select key from platform.job where kind = 'payments.deadline'")).map(
      ({ key }) => key,
    ),
    owed: owed?.count ?? 0,
  }
}

const readFeed = async (stage: Stage, around: Surroundings): Promise<Evidence['feed']> => {
  const read: Evidence['feed'][number][] = []
  for (let after = ''; ; ) {
    const page = FeedPage.parse(
      JSON.parse(await asked(stage, around, `/v1/events?limit=200${after === '' ? '' : `&after=${after}`}`)),
    )
    read.push(...page.events.map(({ id, sequence, data }) => ({ id, sequence, payment: data.payment.id })))
    after = page.cursor
    if (!page.more) return read
  }
}

/** One GET, however many turns of the world it takes. */
const asked = async (stage: Stage, around: Surroundings, path: string): Promise<string> => {
  let text: string | undefined
  stage.start(`GET ${path}`, undefined, async () => {
    while (text === undefined) {
      const answer = await around.ask(
        `GET ${path}`,
        () => new Request(HUB_ROOT + path, { headers: { authorization: `Bearer ${around.apiKey}` } }),
      )
      if (answer?.status === 200) text = answer.text
      else await stage.until(stage.now() + 1_000)
    }
  })
  while (text === undefined) await stage.step()
  return text
}

/** Where the hub's own fold and the rule book written a second time part. */
export const partings = (facts: Evidence['facts']): readonly string[] =>
  [...facts].flatMap(([payment, all]) => {
    const [ours, book] = [JSON.stringify(verdictOf(stateOf(all))), JSON.stringify(whatThePageSays(all))]
    return ours === book ? [] : [`${payment}: the heart says ${ours}, the rule book ${book}`]
  })

/** An attempt as the facts have it at this moment. */
export const seenNow = async (
  { pool }: Installation,
  { channel, number }: { readonly channel: string; readonly number: string },
): Promise<{ readonly status: string; readonly attention: readonly string[] } | undefined> => {
  const { rows } = await pool.query<{ body: Fact }>(
    `select f.body from payments.attempt a join payments.fact f on f.payment = a.payment
     where a.number = $1 and a.agreement like 'liepkalni-%'`,
    [number],
  )
  if (rows.length === 0) return undefined
  const state = stateOf(rows.map(({ body }) => body))
  const attempt = state.attempts.find((one) => one.channel === channel && one.number === number)
  return (
    attempt && {
      status: attempt.status,
      attention: flagsAbout(
        rows.map(({ body }) => body),
        attempt.id,
      ),
    }
  )
}

/** Flags of a payment that speak of this attempt. */
export const flagsAbout = (facts: readonly Fact[], attempt: string): readonly string[] => {
  const own = facts.filter((fact) => 'attempt' in fact && fact.attempt === attempt).map(({ key }) => key)
  return stateOf(facts)
    .attention.filter((raised) => raised.facts.some((fact) => fact.includes(attempt) || own.includes(fact)))
    .map(({ flag }) => flag)
}
