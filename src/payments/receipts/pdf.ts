import type { Language } from '../../kernel/language.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import type { Directory } from '../../merchants/index.ts'
import { type RateLimiter, rateLimiter } from '../../platform/http/limits.ts'
import { pathOf } from '../../platform/http/prefix.ts'
import { sheetPdf } from '../../platform/pdf/sheet.ts'
import type { Hub } from '../hub.ts'
import { receiptLines } from '../pages/bill.ts'
import { bareFrameOf } from '../pages/frame.ts'
import { voiceOf } from '../pages/page.ts'
import { billOf } from '../pages/page-of.ts'
import { type Named, receiptOf } from './paid.ts'

/**
 * The receipt page as a sheet to keep, in the merchant's words and look. Undefined: nothing was paid, or the e-service is not in the
 * directory any more. `asked` gives way to the payment's language where the e-service does not speak it.
 */
export const receiptPdf = async (
  hub: Pick<Hub, 'publicUrl' | 'clock'>,
  directory: Directory,
  named: Named,
  asked: Language | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const { row } = named.loaded
  const frame = bareFrameOf(pathOf(hub.publicUrl), directory, row, asked)
  const look = directory.eServices.get(row.eService)?.look
  if (!frame || !look || named.state.status !== 'executed') return undefined
  const voice = voiceOf(frame)
  // To the minute, as it is printed: within one the same facts give the same bytes.
  const madeAt = hub.clock.now() - (hub.clock.now() % MINUTE_MS)
  const heading = voice.say('receipt.title')
  return sheetPdf({
    language: voice.language,
    title: `${heading} ${row.reference} – ${voice.local(frame.brand.merchant)}`,
    madeAt,
    head: {
      name: voice.local(frame.brand.merchant),
      under: voice.local(frame.brand.eService),
      ...(look.logo ? { logo: look.logo } : {}),
    },
    colour: look.brandColour,
    ...(frame.mode === 'test' ? { warning: voice.say('page.test') } : {}),
    heading,
    rows: [
      ...receiptLines({ frame, bill: billOf(named) }, receiptOf(named), voice),
      { key: voice.say('receipt.quote'), value: frame.quote },
    ],
    notes: [voice.say('receipt.note'), voice.say('receipt.issued', { time: voice.dateTime(madeAt) }), hub.publicUrl],
  })
}

/** Drawing one takes some 10 ms: however often it is asked for, a fifth of one core. Per node. */
const PRINTING = { perSecond: 20, burst: 20 }

const limiters = new WeakMap<object, RateLimiter>()
const limiterOf = (hub: Pick<Hub, 'clock'>): RateLimiter => {
  const limiter = limiters.get(hub) ?? rateLimiter(PRINTING, hub.clock)
  limiters.set(hub, limiter)
  return limiter
}

/** For who asks from outside. */
export const printReceipt = async (
  hub: Pick<Hub, 'publicUrl' | 'clock'>,
  directory: Directory,
  named: Named,
  asked: Language | undefined,
): Promise<Uint8Array<ArrayBuffer> | 'not_paid' | 'too_many'> => {
  if (named.state.status !== 'executed') return 'not_paid'
  if (limiterOf(hub).take('all') > 0) return 'too_many'
  return (await receiptPdf(hub, directory, named, asked)) ?? 'not_paid'
}
