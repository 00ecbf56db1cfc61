import { z } from 'zod'
import { execute } from '../support/test-server.ts'
import { type Answer, type Caller, type Node, post } from './caller.ts'

/** Equal requests in a thousand copies at once, half to each hub. */

const PATH = '/v1/payments'
const AMOUNT = 4_200
const Created = z.object({ id: z.string() })
const InUse = z.object({ payment: z.string() })

export type Equal = {
  readonly key: string
  readonly reference: string
  readonly body: Readonly<Record<string, unknown>>
  readonly answer: string
}

const halves = <Value>(count: number, one: (node: Node, place: number) => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: count }, (_, place) => one(place % 2 === 0 ? 0 : 1, place)))

const orderOf = (shopRoot: string, reference: string) => ({
  reference,
  amount: AMOUNT,
  currency: 'EUR',
  description: 'Storm',
  returnUrl: `${shopRoot}/back`,
})

const tally = (answers: readonly Answer[]): string => {
  const counted = new Map<string, number>()
  for (const { status, code } of answers) {
    const name = code === undefined ? String(status) : `${status} ${code}`
    counted.set(name, (counted.get(name) ?? 0) + 1)
  }
  return [...counted].map(([name, count]) => `${count} × ${name}`).join(', ')
}

const paymentsOf = (url: string, reference: string): Promise<readonly { readonly id: string }[]> =>
  execute<{ readonly id: string }>(url, `select id from payments.payment where reference = '${reference}'`)

type Storm = { readonly caller: Caller; readonly url: string; readonly shopRoot: string; readonly count: number }

/** One key, one body: every copy is answered with the same payment, to the byte. */
export const equalCreates = async ({ caller, url, shopRoot, count }: Storm, name: string): Promise<Equal> => {
  const body = orderOf(shopRoot, name)
  const key = `storm-${name}`
  const answers = await halves(count, (node) => post(caller, node, PATH, body, key))
  const [first] = answers
  const others = answers.filter(({ status, text }) => status !== 201 || text !== first?.text)
  if (others.length > 0) caller.breaches.push(`equal creates were answered ${tally(answers)}, not all alike`)
  const rows = await paymentsOf(url, name)
  const id = first?.status === 201 ? Created.parse(JSON.parse(first.text)).id : 'none'
  if (rows.length !== 1 || rows[0]?.id !== id)
    caller.breaches.push(`${count} equal creates made ${rows.length} payments, and told of ${id}`)
  return { reference: name, key, body, answer: first?.text ?? '' }
}

/** The same key with another body is refused, and what was made stays as it is. */
export const changedBodies = async ({ caller, url, count }: Storm, { key, body, reference }: Equal): Promise<void> => {
  const answers = await halves(count, (node, place) =>
    post(caller, node, PATH, { ...body, ...(place % 3 === 0 ? { amount: 1 } : { reference: `OTHER-${place}` }) }, key),
  )
  const wrong = answers.filter(({ code }) => code !== 'idempotency_key_reused')
  if (wrong.length > 0) caller.breaches.push(`changed bodies were answered ${tally(answers)}`)
  const rows = await execute<{ readonly amount: number }>(
    url,
    `select amount_minor::int as amount from payments.payment where reference = '${reference}' or reference like 'OTHER-%'`,
  )
  const amounts = rows.map(({ amount }) => amount).join()
  if (amounts !== String(AMOUNT)) caller.breaches.push(`after changed bodies there are payments of ${amounts}`)
}

/** After a restart the stored answer is given, to the byte. */
export const sameAnswers = async ({ caller, count }: Storm, { key, body, answer }: Equal): Promise<void> => {
  const answers = await halves(count, (node) => post(caller, node, PATH, body, key))
  const others = answers.filter(({ text }) => text !== answer)
  if (others.length > 0)
    caller.breaches.push(`after the restart ${others.length} of ${count} got another answer: ${others[0]?.text}`)
}

/** Many keys, one reference: one payment, and everybody else is told which. Returns how many were told. */
export const oneReference = async ({ caller, url, shopRoot, count }: Storm, name: string): Promise<number> => {
  const answers = await halves(count, (node, place) =>
    post(caller, node, PATH, orderOf(shopRoot, name), `${name}-${place}`),
  )
  const made = answers.filter(({ status }) => status === 201)
  const told = answers.filter(({ code }) => code === 'reference_in_use')
  const rows = await paymentsOf(url, name)
  if (made.length !== 1 || told.length !== count - 1 || rows.length !== 1)
    caller.breaches.push(
      `${count} creates of one reference made ${rows.length} payments and were answered ${tally(answers)}`,
    )
  const astray = told.filter(({ text }) => InUse.parse(JSON.parse(text)).payment !== rows[0]?.id)
  if (astray.length > 0) caller.breaches.push(`${astray.length} were told of another payment than ${rows[0]?.id}`)
  return told.length
}
