/** How an order must end once everything was heard that its bank really sent of it, and what its e-service may be told on the way. */
export type End = {
  readonly status: 'executed' | 'accepted' | 'refused' | 'started'
  readonly attention: readonly string[]
  /** Cents that went back. */
  readonly refunded: number
  readonly reversed: number
  readonly tells: readonly string[]
}

const end = (status: End['status'], more: Partial<End> = {}): End => ({
  status,
  attention: [],
  refunded: 0,
  reversed: 0,
  tells: status === 'started' ? [] : ['payment.accepted', `payment.${status}`],
  ...more,
})

const PAID = end('executed')
const REFUSED = end('refused')
const ACCEPTED = end('accepted')
/** No bank sent anything of it that is true. */
const UNHEARD = end('started')
const mismatch = (flag: string): End =>
  end('accepted', { attention: [flag], tells: ['payment.accepted', 'payment.attention'] })

/** Of this much, by hand. */
export const WENT_BACK = 100

/** By what was decided at the bank; where a bank tells otherwise of it, by its name too. */
const ENDS: Readonly<Record<string, End>> = {
  pay: PAID,
  pay_back_by_get: PAID,
  return_lost: PAID,
  notice_lost: PAID,
  // Only the server of this bank tells that the money was taken.
  'seb-lv/notice_lost': ACCEPTED,
  notice_late: PAID,
  notice_twice: PAID,
  paid_later: PAID,
  reordered: PAID,
  accepted_first: PAID,
  accepted_lost: PAID,
  next_key: PAID,
  other_charset: PAID,
  older_version: PAID,
  // By no refund of ours.
  refunded: end('executed', { refunded: WENT_BACK, attention: ['reversed'] }),
  reversed: end('executed', { reversed: WENT_BACK, attention: ['reversed'] }),
  processing: ACCEPTED,
  cancel: REFUSED,
  cancelled_later: REFUSED,
  decline: REFUSED,
  wrong_amount: mismatch('amount_mismatch'),
  wrong_currency: mismatch('currency_mismatch'),
  close_window: UNHEARD,
  both_lost: UNHEARD,
  bad_signature: UNHEARD,
  strangers_key: UNHEARD,
  other_merchant: UNHEARD,
  replay: UNHEARD,
}

/** Throws where nobody has said how it ends. */
export const endOf = (channel: string, choice: string): End => {
  const found = ENDS[`${channel}/${choice}`] ?? ENDS[choice]
  if (!found) throw new Error(`say in ${import.meta.filename} how "${choice}" of ${channel} ends`)
  return found
}

/** What is sent after these, nobody who may has signed about their order. */
const FORGED = ['bad_signature', 'strangers_key', 'other_merchant', 'replay']
export const isForged = (choice: string): boolean => FORGED.includes(choice)
