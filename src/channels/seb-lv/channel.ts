import { z } from 'zod'
import { MINUTE_MS } from '../../kernel/time.ts'
import type { Channel, Times } from '../channel.ts'
import { begin } from './begin.ts'
import { LIMITS, VERSIONS } from './messages.ts'
import { read } from './read.ts'

/** Our choice: the bank's document gives no time within which an order is paid. */
const PAYABLE_FOR_MINUTES = 60
const MAX_PAYABLE_FOR_MINUTES = 7 * 24 * 60

/** Settings of an agreement, as in `cma.yaml`. */
const sebLvSettings = z.strictObject({
  senderId: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be letters and digits without spaces')
    .max(LIMITS.IB_SND_ID)
    .describe('who we are to the bank: IB_SND_ID of orders, IB_REC_ID of answers'),
  version: z.enum(['002']).default('002').describe('IB_VERSION of orders; 002 signs with SHA-512'),
  answerVersions: z
    .array(z.enum(VERSIONS))
    .min(1)
    .max(VERSIONS.length)
    .default([...VERSIONS])
    .describe('IB_VERSION of the answers that are believed; 001 is signed with SHA-1'),
  url: z.url({ protocol: /^https?$/ }).describe('where the payer’s browser posts the order'),
  payableForMinutes: z
    .int()
    .min(1)
    .max(MAX_PAYABLE_FOR_MINUTES)
    .default(PAYABLE_FOR_MINUTES)
    .describe('for how long after the order the bank takes the money'),
})
export type SebLvSettings = z.infer<typeof sebLvSettings>

/**
 * SEB Latvia's e-Link: the payer's browser carries a signed form; the bank says first that it accepted the order (0003, with the
 * amount) and then that it executed it (0004, without). The bank can neither be asked nor refund.
 */
export const sebLvChannel: Channel<SebLvSettings> = {
  id: 'seb-lv',
  name: { lv: 'SEB', en: 'SEB' },
  settings: sebLvSettings,
  keys: {
    merchant: {
      kind: 'private',
      type: 'rsa',
      purpose: 'Our RSA key, 2048 to 4096 bits; signs orders. The bank gets its public half.',
    },
    bank: {
      kind: 'public',
      type: 'rsa',
      purpose: "The bank's RSA key or certificate; verifies its answers. Several while one rolls over.",
    },
  },
  times: ({ payableForMinutes }) => timesOf(payableForMinutes * MINUTE_MS),
  begin,
  read,
}

/** 0003 is repeated every minute, up to 100 times, until it is answered 200. Later words are still heard. */
const LAST_WORD_MS = 100 * MINUTE_MS

/** `askAfter` says when to look again only: there is no question in this protocol. */
const timesOf = (lastMomentMs: number): Times => ({
  askAfter: { begunMs: lastMomentMs, returnedMs: lastMomentMs, askedMs: [lastMomentMs] },
  lastMomentMs,
  finalWithinMs: LAST_WORD_MS,
  // Nothing is called: the payer's browser begins, and whether it reached the bank is never known.
  unansweredBegin: 'unknown',
})
