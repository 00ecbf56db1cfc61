import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { type Form, formsOf } from '../support/payer.ts'
import { type Answer, type Ask, answerTo, isTurnedAway } from './asking.ts'
import type { Chance } from './chance.ts'
import { acknowledged, attemptIn, type Ledger } from './ledger.ts'
import { refund } from './refund.ts'
import { called, type Ordered, type Surroundings } from './surroundings.ts'

/** One e-service's orders and their payers' ways through the pages, as programs and people go them: by HTTP, and patiently. */

const OrderAnswer = z.object({ id: z.string(), payUrl: z.url(), amount: z.int(), reference: z.string() })

let made = 0
/** So many of those who paid get something back. */
const REFUNDED = 0.4
const OFFERS = ['sandbox', 'swedbank-lv'] as const
type Offer = (typeof OFFERS)[number]

/** From the order to whatever this payer makes of it. */
export const live = async (around: Surroundings): Promise<void> => {
  const { chance } = around
  const ordered = await order(around)
  if (!ordered || chance.happens(0.05)) return
  await pause(chance.between(0, 150))
  const ending = isForgetful(around) ? await payAtBoth(around, ordered) : await payOnce(around, ordered, '')
  if (ending === 'money' && chance.happens(REFUNDED)) await refund(around, ordered)
  if (ending !== 'without money') return
  if (chance.happens(0.5)) await payOnce(around, ordered, 'pay')
  else if (chance.happens(0.6)) await cancel(around, ordered)
}

/** The first, and then one in so many: no run is without. */
const isForgetful = ({ ledger: { counts }, forgetfulIn }: Surroundings): boolean =>
  forgetfulIn !== undefined && counts.payers++ % forgetfulIn === 0

/** Undefined only when it was given up. */
export const order = async (around: Surroundings, isGivenUp = () => false): Promise<Ordered | undefined> => {
  const { ledger, chance, hubRoot, shopRoot } = around
  const reference = `T-${++made}`
  // Amounts that end in 80 and more make the bogus bank decide by itself.
  const amount = chance.between(1, 5_000) * 100 + chance.between(0, 79)
  const init = called(around, {
    reference,
    amount,
    currency: 'EUR',
    description: 'Torture',
    returnUrl: `${shopRoot}/back`,
  })
  let sentAt = 0
  const sending = (at: number): void => {
    sentAt = at
  }
  const ask = { url: `${hubRoot}/v1/payments`, init, sending, isGivenUp }
  const answer = await answerTo(ledger, ask)
  if (!answer) return undefined
  const first = orderIn(answer, reference)
  acknowledged(ledger, sentAt)
  ledger.created.set(first.id, { reference, amountMinor: amount, payUrl: first.payUrl })
  if (first.amount !== amount || first.reference !== reference)
    ledger.breaches.push(`${first.id} is not what was ordered`)
  // A program that did not trust the first answer.
  if (chance.happens(0.1)) {
    const repeated = await answerTo(ledger, ask)
    const again = repeated && orderIn(repeated, reference)
    if (again && again.id !== first.id) ledger.breaches.push(`one key made two payments: ${first.id} and ${again.id}`)
  }
  return first
}

const orderIn = (answer: Answer, reference: string): z.infer<typeof OrderAnswer> => {
  if (answer.status !== 201) throw new Error(`the order ${reference} was answered ${answer.status}: ${answer.text}`)
  return OrderAnswer.parse(JSON.parse(answer.text))
}

const cancel = async (around: Surroundings, { id }: Ordered): Promise<void> => {
  const { ledger, hubRoot } = around
  const answer = await answerTo(ledger, { url: `${hubRoot}/v1/payments/${id}/cancel`, init: called(around, {}) })
  if (answer?.status === 200 || answer?.status === 202) ledger.cancelled.add(id)
  else if (answer?.status !== 409) ledger.breaches.push(`cancelling ${id} was answered ${answer?.status}`)
}

// ------------------------------------------------------------------------------------------------------------------------ pages

type Page = { readonly url: string; readonly status: number; readonly text: string }

const MAX_HOPS = 10

/** Follows redirects, asking each address until it answers. Undefined: this payer gave up. No page is to turn a payer away. */
const browse = async (ledger: Ledger, ask: Ask): Promise<Page | undefined> => {
  let { url } = ask
  const attempt = attemptIn(url)
  let answer = await answerTo(ledger, ask)
  for (let hops = 0; answer?.location; hops++) {
    if (hops === MAX_HOPS) throw new Error(`redirected in circles at ${url}`)
    url = new URL(answer.location, url).href
    answer = await answerTo(ledger, { url, ...(ask.tries === undefined ? {} : { tries: ask.tries }) })
  }
  if (!answer) return undefined
  const { status, text } = answer
  if (isTurnedAway(status)) {
    const said = `${new URL(url).pathname}, from ${new URL(ask.url).pathname}, was answered ${status}`
    ledger.turnedAway.push({ what: `a payer at ${said}: ${titleIn(text)}`, attempt })
  }
  return { url, status, text }
}

const titleIn = (text: string): string => /<title>([^<]*)/.exec(text)?.[1] ?? text.slice(0, 300)

const posted = (form: Form, more: Readonly<Record<string, string>> = {}): Ask => {
  const fields = new URLSearchParams({ ...form.fields, ...more })
  return form.method === 'POST'
    ? { url: form.action, init: { method: 'POST', body: fields } }
    : { url: `${form.action}?${fields}` }
}

const formTo = (page: Page | undefined, where: RegExp, field?: string): Form | undefined =>
  page && formsOf(page).find(({ action, fields }) => where.test(action) && (field === undefined || field in fields))

const CHOOSE = /\/pay\/[0-9a-z]{32}\/choose/
/** On the page that asks whether the former bank was paid: the payer says that it was not. */
const NOT_PAID = 'not-paid'
const AT_BANK = /\/orders\/([^/]+)\/[^/]+\/choose/

/** A beginning whose answer was lost is begun again; so often the payer tries. */
const MAX_TRIES = 8

type Ending = 'money' | 'without money' | 'nothing'

/** Chooses a bank and decides there. `choice` empty: whatever comes to this payer's mind. */
const payOnce = async (around: Surroundings, ordered: Ordered, choice: string): Promise<Ending> => {
  const { chance } = around
  const offer = chance.happens(0.6) ? 'sandbox' : 'swedbank-lv'
  const bank = await goTo(around, ordered, offer)
  return bank ? decide(around, bank, choice || choiceAt(offer, chance)) : 'nothing'
}

/** Goes to one bank, then in another window to the other, and pays at both. */
const payAtBoth = async (around: Surroundings, ordered: Ordered): Promise<Ending> => {
  const { ledger, chance } = around
  const [one, other] = chance.happens(0.5) ? OFFERS : OFFERS.toReversed()
  const first = one && (await goTo(around, ordered, one))
  const second = first && other && (await goTo(around, ordered, other))
  if (!first || !second) return 'nothing'
  ledger.counts.paidAtBoth++
  await Promise.all([decide(around, first, 'pay'), decide(around, second, 'pay')])
  return 'money'
}

/** By the hub's pages to where the payer decides. Undefined: these led nowhere. */
const goTo = async (around: Surroundings, { payUrl }: Ordered, offer: Offer): Promise<Form | undefined> => {
  const { ledger, chance, bankRoot } = around
  for (let tried = 1; tried <= MAX_TRIES; tried++) {
    const choices = await browse(ledger, { url: `${payUrl}?choose=yes` })
    const choose = formTo(choices, CHOOSE)
    if (!choose) {
      const told = `a payer found no way to pay at ${payUrl}, at try ${tried}: ${titleIn(choices?.text ?? '')}`
      ledger.turnedAway.push({ what: told, attempt: undefined })
      return undefined
    }
    const chosen = await browse(ledger, posted(choose, { offer }))
    const notPaid = formTo(chosen, CHOOSE, NOT_PAID)
    const going = notPaid ? await browse(ledger, posted(notPaid)) : chosen
    const carried = formTo(going, new RegExp(`^${bankRoot}/swedbank-lv`))
    const bank = formTo(carried ? await browse(ledger, posted(carried)) : going, AT_BANK)
    if (bank) return bank
    await pause(chance.between(100, 400))
  }
  ledger.breaches.push(`${payUrl} did not lead to ${offer} in ${MAX_TRIES} tries`)
  return undefined
}

const WITHOUT_MONEY = ['decline', 'cancel', 'bad_signature', 'false_return']

const choiceAt = (offer: Offer, chance: Chance): string =>
  chance.happens(0.5)
    ? 'pay'
    : offer === 'sandbox'
      ? chance.pick(
          'notice_lost',
          'return_lost',
          'both_lost',
          'notice_twice',
          'processing',
          'decline',
          'cancel',
          'wrong_amount',
          'bad_signature',
          'false_return',
        )
      : chance.pick(
          'pay_back_by_get',
          'return_lost',
          'notice_lost',
          'notice_twice',
          'cancel',
          'wrong_amount',
          'bad_signature',
        )

const decide = async (around: Surroundings, bank: Form, choice: string): Promise<Ending> => {
  const { ledger, chance, hubRoot } = around
  const answer = await answerTo(ledger, posted(bank, { choice }))
  const ending = WITHOUT_MONEY.includes(choice) ? 'without money' : 'money'
  const form = answer && formTo({ ...answer, url: bank.action }, new RegExp(`^${hubRoot}/psp/`))
  const way: Ask | undefined = answer?.location ? { url: answer.location } : form && posted(form)
  if (!way) return ending
  const attempt = attemptIn(way.url)
  if (attempt && choice === 'bad_signature') ledger.forged.add(attempt)
  // Some close the window at the first page that does not load.
  const back = await browse(ledger, { ...way, ...(chance.happens(0.15) ? { tries: 1 } : {}) })
  const isSigned = way.url.includes('/psp/swedbank-lv/') && choice !== 'bad_signature'
  if (back && !isTurnedAway(back.status) && attempt && isSigned) ledger.told.add(attempt)
  if (attempt && choice === 'wrong_amount') ledger.wrong.add(attempt)
  return ending
}
