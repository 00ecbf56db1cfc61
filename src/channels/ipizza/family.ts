import { MINUTE_MS } from '../../kernel/time.ts'
import type { Channel, Times } from '../channel.ts'
import { begin } from './begin.ts'
import { type IpizzaSettings, ipizzaSettings, type Profile } from './profile.ts'
import { read } from './read.ts'

/**
 * A bank of the IPizza family as a channel: the payer's browser carries a signed form to the bank, the bank's signed answer comes back
 * by its server and by the browser. The bank can neither be asked nor refund.
 */
export const ipizzaChannel = (profile: Profile): Channel<IpizzaSettings> => ({
  id: profile.id,
  name: profile.name,
  settings: ipizzaSettings(profile),
  keys: {
    merchant: {
      kind: 'private',
      type: 'rsa',
      purpose: 'Our RSA key, 2048 bits or more; signs orders. The bank gets its public half.',
    },
    bank: {
      kind: 'public',
      type: 'rsa',
      purpose: "The bank's RSA key or certificate; verifies its answers. Several while one rolls over.",
    },
  },
  times: ({ payableForMinutes }) => timesOf(payableForMinutes * MINUTE_MS),
  begin: (order, agreement) => begin(profile, order, agreement),
  read: (message, agreement) => read(profile, message, agreement),
})

/** The bank's server tells of a payment at once; no document says that it repeats itself. Later words are still heard. */
const LAST_WORD_MS = 15 * MINUTE_MS

/** `askAfter` says when to look again only: there is no question in this protocol. */
const timesOf = (lastMomentMs: number): Times => ({
  askAfter: { begunMs: lastMomentMs, returnedMs: lastMomentMs, askedMs: [lastMomentMs] },
  lastMomentMs,
  finalWithinMs: LAST_WORD_MS,
  // Nothing is called: the payer's browser begins, and whether it reached the bank is never known.
  unansweredBegin: 'unknown',
})
