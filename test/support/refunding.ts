import type { Instant } from '../../src/kernel/time.ts'
import { type Hub, paymentJobs } from '../../src/payments/index.ts'
import type { TestHub } from './hub.ts'

/** Runs a refund's job once, with what a test puts in place of the hub's parts. Returns when it would run again. */
export const pursueRefund = async (
  { composed, clock }: TestHub,
  from: Hub,
  id: string,
  name: string,
  { tries = 0, afterMs = 0 } = {},
): Promise<Instant | undefined> => {
  const job = paymentJobs(from, composed.tokens).find(({ kind }) => kind === 'payments.refund')
  return job?.run({ key: `liepkalni/${id}/${name}`, payload: null, tries }, clock.now() + afterMs)
}
