import { z } from 'zod'
import { DAY_MS, MINUTE_MS, parseInstant, SECOND_MS } from '../../kernel/time.ts'
import type {
  Agreement,
  Attempt,
  Channel,
  Heard,
  Order,
  OutboundMessage,
  Reading,
  Refund,
  Reply,
  Step,
  WireMessage,
} from '../channel.ts'
import { parseJson, SandboxNotice, SandboxPayment, SandboxRefund } from './protocol.ts'

/** Our own bogus bank: called first, asked at any time. Its rules are in README.md beside this file. */

const seconds = z
  .int()
  .min(1)
  .max(DAY_MS / SECOND_MS)

export const SandboxSettings = z.strictObject({
  merchantId: z
    .string()
    .regex(/^[A-Z0-9]{3,35}$/, 'must be 3–35 capital letters and digits')
    .describe('who we are to the bank; every message of either side names it'),
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/[?#]|\/$/.test(url), 'must be an address without a query and without a slash at its end')
    .describe('where the bank is called'),
  payableForMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(15)
    .describe('for how long after the order the bank takes the money'),
  askAfterSeconds: z
    .strictObject({
      begun: seconds.describe('after the beginning, with nothing heard'),
      returned: seconds.describe('after the payer came back without a final word'),
      asked: z.array(seconds).min(1).max(10).describe('after each asking that did not settle it; the last one repeats'),
    })
    .default({ begun: 30, returned: 2, asked: [5, 15, 30, 60] })
    .describe('when to ask the bank'),
})
export type SandboxSettings = z.infer<typeof SandboxSettings>

type OurAgreement = Agreement<SandboxSettings>

/** The bank settles what it took for processing within half a minute and repeats notices for ten. */
const LAST_WORD_MS = 10 * MINUTE_MS

export const sandboxChannel: Channel<SandboxSettings> = {
  id: 'sandbox',
  name: { lv: 'Izmēģinājumu banka', en: 'Sandbox bank' },
  settings: SandboxSettings,
  keys: {
    api: { kind: 'secret', purpose: 'API key that the bank gave us; sent as a bearer token with every call' },
    bank: {
      kind: 'public',
      type: 'ed25519',
      purpose: "The bank's Ed25519 public key; its notices are signed with the other half",
    },
  },
  times: ({ payableForMinutes, askAfterSeconds }) => ({
    askAfter: {
      begunMs: askAfterSeconds.begun * SECOND_MS,
      returnedMs: askAfterSeconds.returned * SECOND_MS,
      askedMs: askAfterSeconds.asked.map((after) => after * SECOND_MS),
    },
    lastMomentMs: payableForMinutes * MINUTE_MS,
    finalWithinMs: LAST_WORD_MS,
    // Without the answer there is no address to send the payer to.
    unansweredBegin: 'dead',
  }),
  begin: async (order, agreement) => ({
    step: 'call',
    message: post(`${agreement.settings.url}/payments`, orderBody(order, agreement)),
    // The bank knows a payment by our number: the same order again answers the same payment.
    repeatable: true,
    next: async (reply) => begun(reply, order, agreement),
  }),
  read,
  enquire: async (attempt, agreement) => ({
    step: 'call',
    message: get(paymentAddress(attempt, agreement)),
    repeatable: true,
    next: async (reply) => ({ step: 'heard', readings: told(reply, attempt, agreement) }),
  }),
  refund: async (refund, agreement) => {
    const [id] = refund.attempt.kept.pspIds ?? []
    return id === undefined ? findThenRefund(refund, agreement) : askRefund(id, refund, agreement)
  },
  // Whoever asks about a payment is shown the whole of it.
  tellsEveryRefund: true,
}

// ------------------------------------------------------------------------------------------------------------------------- calls

const HEADERS = { accept: 'application/json' }
const AUTH = { scheme: 'bearer', secret: 'api' } as const

const get = (url: string): OutboundMessage => ({ method: 'GET', url, headers: HEADERS, auth: AUTH })

const post = (url: string, body: unknown): OutboundMessage => ({
  method: 'POST',
  url,
  headers: { ...HEADERS, 'content-type': 'application/json' },
  body: new TextEncoder().encode(JSON.stringify(body)),
  auth: AUTH,
})

const orderBody = (order: Order, { settings }: OurAgreement) => ({
  merchant: settings.merchantId,
  number: order.attempt.number,
  amount: order.amount.amountMinor,
  currency: order.amount.currency,
  account: order.payee.iban,
  reference: order.reference,
  ...(order.paymentReference === undefined ? {} : { creditorReference: order.paymentReference }),
  text: order.description,
  language: order.language,
  ...(order.payer?.name === undefined ? {} : { payerName: order.payer.name }),
  payableForMinutes: settings.payableForMinutes,
  backUrl: order.addresses.back,
  noticeUrl: order.addresses.notice,
})

/** By the bank's id; by our number when the answer that would have told the id was lost. */
const paymentAddress = (attempt: Attempt, { settings }: OurAgreement): string => {
  const [id] = attempt.kept.pspIds ?? []
  if (id !== undefined) return `${settings.url}/payments/${encodeURIComponent(id)}`
  return `${settings.url}/payments?${new URLSearchParams({ merchant: settings.merchantId, number: attempt.number })}`
}

const succeeded = (reply: Reply): boolean => reply.status === 200 || reply.status === 201

/** The bank surely did nothing: it says so itself. 408, 425 and 429 ask for another try, 5xx say nothing. */
const turnedDown = ({ status }: Reply): boolean => status >= 400 && status < 500 && ![408, 425, 429].includes(status)

const errorWord = (reply: Reply): string =>
  parseJson(reply.body, z.object({ error: z.string().max(60) }))?.error ?? `http_${reply.status}`

// ----------------------------------------------------------------------------------------------------------------------- answers

/** The payer is sent on only when the bank repeated our order as we gave it; else what it says is heard and compared. */
const begun = (reply: Reply, order: Order, agreement: OurAgreement): Step => {
  const { number } = order.attempt
  if (turnedDown(reply)) {
    const word = errorWord(reply)
    return { step: 'heard', readings: [{ about: { number }, says: 'refused', reason: 'not_begun', word }] }
  }
  if (!succeeded(reply)) return { step: 'heard', readings: [] }
  const payment = parseJson(reply.body, SandboxPayment)
  if (!payment || !isOurs(payment, number, agreement)) return { step: 'heard', readings: [misplaced(number, payment)] }
  const asOrdered =
    payment.amount === order.amount.amountMinor &&
    payment.currency === order.amount.currency &&
    payment.account === order.payee.iban &&
    payment.reference === order.reference
  if (payment.status !== 'created' || payment.page === undefined || !asOrdered) {
    return { step: 'heard', readings: readingsOf(payment) }
  }
  return { step: 'redirect', url: payment.page, keep: { pspIds: [payment.id], echo: { reference: order.reference } } }
}

const told = (reply: Reply, attempt: Attempt, agreement: OurAgreement): readonly Reading[] => {
  const { number } = attempt
  const knownId = attempt.kept.pspIds?.[0]
  if (reply.status === 404) {
    const word = errorWord(reply)
    // A payment that the bank once named cannot vanish; one that never reached it cannot be paid.
    return knownId === undefined
      ? [{ about: { number }, says: 'refused', reason: 'not_begun', word }]
      : [{ about: { number }, says: 'waiting', word }]
  }
  if (!succeeded(reply)) return []
  const payment = parseJson(reply.body, SandboxPayment)
  if (!payment || !isOurs(payment, number, agreement) || (knownId !== undefined && payment.id !== knownId)) {
    return [misplaced(number, payment)]
  }
  return readingsOf(payment)
}

const isOurs = (payment: SandboxPayment, number: string, { settings }: OurAgreement): boolean =>
  payment.merchant === settings.merchantId && payment.number === number

const misplaced = (number: string, payment: SandboxPayment | undefined): Reading => ({
  about: { number },
  says: 'untrusted',
  rule: payment ? 'answer_about' : 'answer_form',
  detail: payment
    ? `the answer is about payment ${payment.number} of ${payment.merchant}, not about ${number}`
    : 'the answer is not a payment as the bank documents it',
})

// ----------------------------------------------------------------------------------------------------------------------- refunds

const askRefund = (id: string, refund: Refund, { settings }: OurAgreement): Step => ({
  step: 'call',
  message: post(`${settings.url}/payments/${encodeURIComponent(id)}/refunds`, {
    merchant: settings.merchantId,
    number: refund.number,
    amount: refund.amount.amountMinor,
    currency: refund.amount.currency,
  }),
  repeatable: true,
  next: async (reply) => ({ step: 'heard', readings: refundTold(reply, refund) }),
})

/** The bank's id is not known: the answer to the beginning was lost. Ask for it by our number first. */
const findThenRefund = (refund: Refund, agreement: OurAgreement): Step => ({
  step: 'call',
  message: get(paymentAddress(refund.attempt, agreement)),
  repeatable: true,
  next: async (reply) => {
    const payment = succeeded(reply) ? parseJson(reply.body, SandboxPayment) : undefined
    return payment && isOurs(payment, refund.attempt.number, agreement)
      ? askRefund(payment.id, refund, agreement)
      : { step: 'heard', readings: [] }
  },
})

const refundTold = (reply: Reply, refund: Refund): readonly Reading[] => {
  const about = { refund: refund.number }
  if (turnedDown(reply)) return [{ about, says: 'refused', reason: 'rejected', word: errorWord(reply) }]
  const made = succeeded(reply) ? parseJson(reply.body, SandboxRefund) : undefined
  if (!made) return []
  if (made.number === refund.number) return [refundReading(made, about)]
  return [{ about, says: 'untrusted', rule: 'answer_about', detail: `the answer is about refund ${made.number}` }]
}

// ---------------------------------------------------------------------------------------------------------------------- messages

/** The payer's browser brings an unsigned hint by GET; the bank's server a signed notice by POST. */
async function read(message: WireMessage, agreement: OurAgreement): Promise<Heard> {
  if (message.method === 'GET') return { carrier: 'payer', readings: [{ about: { address: true }, says: 'ask' }] }
  return { carrier: 'psp', readings: await readNotice(message, agreement) }
}

const untrusted = (rule: string, detail: string): readonly Reading[] => [
  { about: { address: true }, says: 'untrusted', rule, detail },
]

const readNotice = async (message: WireMessage, agreement: OurAgreement): Promise<readonly Reading[]> => {
  const given = message.headers['x-sandbox-signature'] ?? ''
  const signature = Buffer.from(given, 'base64')
  if (signature.length !== 64 || signature.toString('base64') !== given) {
    return untrusted('signature', 'the header x-sandbox-signature holds no Ed25519 signature in base64')
  }
  const at = message.receivedAt ?? agreement.now
  if (!(await agreement.verify('bank', 'ed25519', message.body, signature, at))) {
    return untrusted('signature', 'x-sandbox-signature does not verify over the body with any key valid at that time')
  }
  const notice = parseJson(message.body, SandboxNotice)
  if (!notice) return untrusted('form', 'the body is not a notice as the bank documents it')
  const { payment } = notice
  return payment.merchant === agreement.settings.merchantId
    ? readingsOf(payment)
    : untrusted('receiver', `the notice is for merchant ${payment.merchant}, not for ${agreement.settings.merchantId}`)
}

// ---------------------------------------------------------------------------------------------------------------------- readings

/** Everything one payment object says: its status, refunds (ours by our number), money taken back. */
const readingsOf = (payment: SandboxPayment): readonly Reading[] => [
  statusReading(payment),
  ...payment.refunds.map((refund) =>
    refundReading(refund, refund.number === undefined ? { number: payment.number } : { refund: refund.number }),
  ),
  ...payment.reversals.map(
    (reversal): Reading => ({ about: { number: payment.number }, says: 'reversed', states: moneyBack(reversal) }),
  ),
]

const statusReading = (payment: SandboxPayment): Reading => {
  const at = parseInstant(payment.at)
  const told = {
    about: { number: payment.number },
    states: {
      amount: { amountMinor: payment.amount, currency: payment.currency },
      payee: payment.account,
      echo: { reference: payment.reference },
      ...(payment.bankReference === undefined ? {} : { reference: payment.bankReference }),
      ...(at === undefined ? {} : { at }),
    },
    ...(payment.payer === undefined ? {} : { payer: payerOf(payment.payer) }),
  }
  switch (payment.status) {
    case 'paid':
      return { ...told, says: 'paid' }
    case 'processing':
      return { ...told, says: 'accepted' }
    case 'declined':
      return { ...told, says: 'refused', reason: 'declined' }
    case 'cancelled':
      return { ...told, says: 'refused', reason: 'cancelled_by_payer' }
    case 'expired':
      return { ...told, says: 'refused', reason: 'expired_at_psp' }
    case 'created':
      return { ...told, says: 'waiting' }
    default:
      return { ...told, says: 'waiting', word: payment.status.slice(0, 60) }
  }
}

const payerOf = ({ name, account }: NonNullable<SandboxPayment['payer']>) => ({
  ...(name === undefined ? {} : { name }),
  ...(account === undefined ? {} : { account }),
})

const refundReading = (refund: SandboxRefund, about: Reading['about']): Reading => {
  const told = { about, states: moneyBack(refund) }
  switch (refund.status) {
    case 'done':
      return { ...told, says: 'refunded' }
    case 'failed':
      return 'refund' in about ? { ...told, says: 'refused', reason: 'rejected' } : { about, says: 'nothing' }
    case 'pending':
      return 'refund' in about ? { ...told, says: 'accepted' } : { about, says: 'nothing' }
    default:
      // Of a refund that is not ours only the money that went back matters; the rest must not speak about the payment.
      return 'refund' in about
        ? { ...told, says: 'waiting', word: refund.status.slice(0, 60) }
        : { about, says: 'nothing' }
  }
}

const moneyBack = (back: { id: string; amount: number; currency: string; at: string }) => {
  const at = parseInstant(back.at)
  return {
    amount: { amountMinor: back.amount, currency: back.currency },
    reference: back.id,
    ...(at === undefined ? {} : { at }),
  }
}
