// Careless hubs, to see that they are found out: one rule is taken out of a built tree.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const CARELESS = {
  // A notice goes out though an earlier one of its payment is still owed.
  order: { file: 'src/notices/store/events.js', rule: 'HELD_AT_MOST_S = DAY_MS / 1000', without: 'HELD_AT_MOST_S = 0' },
  // Who was succeeded at a job writes its end all the same.
  // What may have been done is done again, whatever the channel says.
  repeats: { file: 'src/payments/calls.js', rule: ' || (again && !step.repeatable)', without: '' },
  fence: { file: 'src/platform/jobs/store.js', rule: ' and job.fence = ended.fence', without: '' },
}

// Our bogus bank's channel, of which half of the refunds may not be repeated, as at many banks: see `mayBeRepeated`.
const REFUNDED = "next: async (reply) => ({ step: 'heard', readings: refundTold(reply, refund) })"
const STRICT = `...(refund.amount.amountMinor % 200 === 0 ? {} : { repeatable: false }), ${REFUNDED}`

/** Makes the tree that `snapshot` built there so. */
export const makeStrict = (built) =>
  takeOut(built, { file: 'src/channels/sandbox/channel.js', rule: REFUNDED, without: STRICT })

export const makeCareless = (built, how) => takeOut(built, CARELESS[how])

/** Takes a rule out of the tree that `snapshot` built there. Throws when it is not found as it was written. */
export const takeOut = (built, { file, rule, without }) => {
  const path = join(built, file)
  const [before, after, ...more] = readFileSync(path, 'utf8').split(rule)
  if (after === undefined || more.length > 0) throw new Error(`${file} has not this rule once: ${rule}`)
  writeFileSync(path, before + without + after)
}
