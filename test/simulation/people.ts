import { z } from 'zod'
import type { SimulatorAnswer } from '../../src/channels/simulator.ts'
import { MINUTE_MS, SECOND_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { formsOf } from '../support/payer.ts'
import type { Banks } from './banks.ts'
import { type Answer, happens, type Wire } from './network.ts'
import type { Moved, Outside } from './outside.ts'
import { BANK_ROOT, HUB_ROOT, SHOP_ROOT } from './places.ts'

/** E-services and payers, each an actor that goes its way through the hub's API and pages. */

export type Surroundings = {
  readonly wire: Wire
  readonly banks: Banks
  readonly outside: Outside
  readonly apiKey: string
  ask(what: string, request: () => Request): Promise<Answer | undefined>
}

type Json = Readonly<Record<string, unknown>>
const Ordered = z.object({ id: z.string(), payUrl: z.string(), amount: z.number(), reference: z.string() })

/** A program: the same request with the same key until it is answered, or it gives up. */
const called = async (around: Surroundings, what: string, path: string, body: Json): Promise<Answer | undefined> => {
  const { wire } = around
  const key = `key-${wire.chance.between(1, 1_000_000_000)}`
  for (let tries = 1; tries <= 12; tries++) {
    const answer = await around.ask(
      what,
      () =>
        new Request(HUB_ROOT + path, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${around.apiKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(body),
        }),
    )
    const code = answer && answer.status >= 400 ? codeIn(answer) : ''
    if (answer && answer.status < 500 && answer.status !== 429 && code !== 'request_in_progress') return answer
    await wire.stage.until(wire.stage.now() + Math.min(2 ** tries, 600) * SECOND_MS)
  }
  return undefined
}

const codeIn = (answer: Answer): unknown => z.object({ code: z.unknown() }).parse(JSON.parse(answer.text)).code

export type Order = z.infer<typeof Ordered>

/** Undefined: the e-service never heard that its order was taken. `isOnly`: nobody else orders under this reference. */
export const order = async (around: Surroundings, reference: string, isOnly: boolean): Promise<Order | undefined> => {
  const { wire, outside } = around
  const { chance, stage } = wire
  // From 90 on the bogus bank's calls go wrong in ways of its own; between, it would decide without the payer.
  const amount = chance.between(1, 500) * 100 + (chance.happens(0.15) ? chance.between(90, 96) : chance.between(0, 79))
  const expires = chance.pick({}, {}, { expiresAt: toRfc3339(stage.now() + chance.between(10, 600) * MINUTE_MS) })
  const answer = await called(around, `order ${reference}`, '/v1/payments', {
    reference,
    amount,
    currency: 'EUR',
    description: 'Nekustamā īpašuma nodoklis',
    returnUrl: `${SHOP_ROOT}/back`,
    attempts: chance.pick('many', 'many', 'one'),
    ...expires,
  })
  if (!answer) {
    outside.unanswered.orders.add(reference)
    return undefined
  }
  if (answer.status === 409 && codeIn(answer) === 'reference_in_use' && !isOnly) return undefined
  if (answer.status !== 201) {
    outside.breaches.push(`the order ${reference} was answered ${answer.status}: ${answer.text}`)
    return undefined
  }
  const made = Ordered.parse(JSON.parse(answer.text))
  if (made.amount !== amount || made.reference !== reference)
    outside.breaches.push(`${made.id} is not what was ordered`)
  outside.orders.set(made.id, { reference, amountMinor: amount, payUrl: made.payUrl })
  return made
}

const Cancelled = z.object({ status: z.string(), closing: z.string().nullable() })

export const cancel = async (around: Surroundings, { id }: Order): Promise<void> => {
  const answer = await called(around, `cancel ${id}`, `/v1/payments/${id}/cancel`, {})
  // Where its time was over before, it closes as expired, and the answer says so.
  const as = answer && answer.status < 300 ? Cancelled.parse(JSON.parse(answer.text)) : undefined
  if (as?.status === 'cancelled' || as?.closing === 'cancelled') around.outside.cancelled.add(id)
  else if (answer && answer.status >= 300 && codeIn(answer) !== 'already_final')
    around.outside.breaches.push(`cancelling ${id} was answered ${answer.status}: ${answer.text}`)
}

/** As the API says it of a refund that cannot be made; the second attempt paid makes the first ambiguous. */
const REFUSED = ['not_paid', 'exceeds_paid', 'attempt_needed']

const Refunded = z.object({ id: z.string(), amount: z.number() })

export const refund = async (around: Surroundings, { id, amount }: Order): Promise<void> => {
  const part = around.wire.chance.pick(amount, Math.ceil(amount / 2), amount + 1)
  const answer = await called(around, `refund of ${part} of ${id}`, `/v1/payments/${id}/refunds`, { amount: part })
  if (answer && answer.status < 300) {
    const made = Refunded.parse(JSON.parse(answer.text))
    around.outside.refunds.set(made.id, { payment: id, amountMinor: made.amount })
  } else if (!answer) around.outside.unanswered.refunds.add(id)
  else if (!REFUSED.includes(String(codeIn(answer))))
    around.outside.breaches.push(`refunding ${id} was answered ${answer.status}: ${answer.text}`)
}

// ------------------------------------------------------------------------------------------------------------------------ payers

const OFFERS = ['sandbox', 'sandbox', 'swedbank-lv', 'seb-lv'] as const

/** Asks an address of the hub until it answers, as often as this payer has patience. */
const opened = async (around: Surroundings, what: string, request: () => Request): Promise<Answer | undefined> => {
  const { wire } = around
  for (let tries = wire.chance.between(1, 4); tries > 0; tries--) {
    const answer = await around.ask(what, request)
    if (answer && answer.status < 500) return answer
    await wire.stage.until(wire.stage.now() + wire.chance.between(1, 30) * SECOND_MS)
  }
  return undefined
}

const posted = (url: string, fields: Readonly<Record<string, string>>): Request =>
  new Request(url, { method: 'POST', body: new URLSearchParams(fields) })

/** Mostly short: while a payer thinks, the hub asks the bank each minute and nothing else happens. */
const AT_THE_BANK_MS = [5, 5, 40, 40, 120, 120, 14 * 60, 50 * 60].map((seconds) => seconds * SECOND_MS)

/** Chooses a bank, decides there, and comes back or does not. */
export const pay = async (around: Surroundings, { payUrl }: Order, who: string): Promise<void> => {
  const { wire, banks } = around
  const { chance, stage } = wire
  const offer = OFFERS[chance.between(0, OFFERS.length - 1)] ?? 'sandbox'
  const isStraight = chance.happens(0.15)
  const choose = (): Promise<Answer | undefined> =>
    isStraight
      ? opened(around, `${who} is sent to ${offer}`, () => new Request(`${payUrl}?channel=${offer}`))
      : opened(around, `${who} chooses ${offer}`, () => posted(`${payUrl}/choose`, { offer, 'not-paid': 'yes' }))
  if (happens(wire, wire.weather.hasty))
    stage.start(`${who} clicks twice`, undefined, async () => void (await choose()))
  const going = await choose()
  const atBank = going && (await reachBank(banks, going))
  if (!atBank) return
  await stage.until(stage.now() + (AT_THE_BANK_MS[chance.between(0, AT_THE_BANK_MS.length - 1)] ?? 0))
  await decide(around, offer, atBank, who)
}

/** The bank's number of the order at which the payer stands; undefined when the hub or the bank led nowhere. */
const reachBank = async (banks: Banks, going: Answer): Promise<string | undefined> => {
  const form = formsOf({ text: going.text, url: HUB_ROOT }).find(({ action }) => action.startsWith(BANK_ROOT))
  if (!form && !going.location?.startsWith(BANK_ROOT)) return undefined
  let answer: SimulatorAnswer = await banks.request(
    form
      ? {
          method: form.method,
          url: form.action,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new TextEncoder().encode(new URLSearchParams({ ...form.fields }).toString()),
        }
      : { method: 'GET', url: going.location ?? '', headers: {}, body: new Uint8Array() },
  )
  for (let hops = 0; hops < 5 && answer.kind === 'carry' && answer.url.startsWith(BANK_ROOT); hops++)
    answer = await banks.request({ method: 'GET', url: answer.url, headers: {}, body: new Uint8Array() })
  return answer.kind === 'page' ? answer.order : undefined
}

const WRONG = /^wrong_/

const decide = async (around: Surroundings, channel: string, orderAtBank: string, who: string): Promise<void> => {
  const { wire, banks, outside } = around
  const { chance, stage, tell } = wire
  const choices = banks.choices(channel)
  const choice = chance.happens(0.4) ? 'pay' : (choices[chance.between(0, choices.length - 1)] ?? 'pay')
  const before = banks.orders().find((one) => one.channel === channel && one.id === orderAtBank)
  const { answer, decided } = await banks.choose(channel, orderAtBank, choice)
  const after = banks.orders().find((one) => one.channel === channel && one.id === orderAtBank)
  tell(`${who} at ${channel}, order ${after?.number}: ${choice}`)
  const isWrong = WRONG.test(choice) && decided
  if (
    before &&
    after &&
    !before.paid &&
    (after.paid || isWrong) &&
    !outside.moved.some((one) => one.channel === channel && one.order === orderAtBank)
  )
    noteMoved(outside, {
      channel,
      order: orderAtBank,
      number: after.number,
      at: stage.now(),
      choice,
      wrong: isWrong,
      toldAt: undefined,
    })
  if (answer.kind !== 'carry') return
  if (happens(wire, wire.weather.lostRequest)) return tell(`${who} closes the window`)
  if (happens(wire, wire.weather.delayed)) await stage.until(stage.now() + chance.between(1, 300) * SECOND_MS)
  await comeBack(around, channel, answer, who)
}

type Carry = Extract<SimulatorAnswer, { kind: 'carry' }>

const comeBack = async (
  around: Surroundings,
  channel: string,
  { method, url, fields }: Carry,
  who: string,
): Promise<void> => {
  const { wire } = around
  const isSpoilt = fields.length > 0 && happens(wire, wire.weather.corrupted)
  const worst = isSpoilt ? wire.chance.between(0, fields.length - 1) : -1
  const pairs = fields.map(([name, value], place): [string, string] => [
    name,
    place === worst ? withOneOther(value, wire.chance) : value,
  ])
  const query = new URLSearchParams(pairs).toString()
  const back = (): Request =>
    method === 'POST'
      ? new Request(url, { method, body: new URLSearchParams(pairs) })
      : new Request(query === '' ? url : `${url}?${query}`)
  const page = await opened(around, `${who} comes back from ${channel}${isSpoilt ? ', spoilt on the way' : ''}`, back)
  if (page && page.status < 400 && !isSpoilt) noteTold(around, channel, method === 'POST' ? query : `${url}?${query}`)
  if (page?.location?.startsWith(HUB_ROOT)) await opened(around, `${who} looks`, () => new Request(page.location ?? ''))
}

// ------------------------------------------------------------------------------------------------------------ what the hub was told

/** Another letter somewhere in it. */
export const withOneOther = (text: string, chance: Wire['chance']): string => {
  if (text === '') return 'x'
  const place = chance.between(Math.floor(text.length / 2), text.length - 1)
  return text.slice(0, place) + (text[place] === '7' ? '8' : '7') + text.slice(place + 1)
}

/** Messages of banks that cannot be asked by which the hub can know of money: our number of the order, and what they say. */
const SIGNED: readonly { readonly channel: string; readonly number: RegExp; readonly tells: RegExp }[] = [
  { channel: 'swedbank-lv', number: /VK_STAMP=(\d+)/, tells: /VK_SERVICE=1111/ },
  { channel: 'seb-lv', number: /IB_PAYMENT_ID=(\d+)/, tells: /IB_SERVICE=0003|IB_STATUS=ACCOMPLISHED/ },
]
/** A bank that can be asked need tell nothing. */
const CAN_BE_ASKED = 'sandbox'

const noteMoved = (outside: Outside, moved: Moved): void => {
  outside.moved.push(moved)
  if (isKnowable(moved)) outside.knowable.push(moved)
}

/** The hub has acknowledged a whole message: what it now can know of money that moved. */
export const noteTold = (
  { outside, wire }: Pick<Surroundings, 'outside' | 'wire'>,
  channel: string,
  text: string,
): void => {
  const kind = SIGNED.find((one) => one.channel === channel)
  const number = kind?.number.exec(text)?.[1]
  const moved = outside.moved.find((one) => one.channel === channel && one.number === number)
  if (!kind?.tells.test(text) || !moved || moved.toldAt !== undefined) return
  moved.toldAt = wire.stage.now()
  outside.knowable.push(moved)
}

export const isKnowable = (moved: Moved): boolean => moved.channel === CAN_BE_ASKED || moved.toldAt !== undefined
