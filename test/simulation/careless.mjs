// Hubs that break one law each, to see that the judge finds it out: one rule is taken out of a built tree.
import { takeOut } from '../torture/careless.mjs'

export const CARELESS = {
  // What a bank has refused is never asked about again.
  'last-look': { file: 'src/payments/payment.js', rule: 'return lastLook(attempt)', without: 'return undefined' },
  // The answer to a request is not kept: who repeats it hears that it cannot be done.
  answers: { file: 'src/payments/requests.js', rule: 'if (!unkept(status))', without: 'if (false)' },
  // A refund is acknowledged and never seen to.
  refunds: { file: 'src/payments/refunding.js', rule: 'if (!byHand)', without: 'if (false)' },
  // Any amount will do.
  amounts: { file: 'src/payments/attempt.js', rule: 'mismatchesOf(reading, evidence).length === 0 && ', without: '' },
  // Who orders what was paid after all, once it had been freed, may pay again.
  references: {
    file: 'src/payments/store/payments.js',
    rule: "and reference = $5 and status = 'executed'",
    without: 'and false',
  },
  // Nobody is told of what needs a person.
  tasks: { file: 'src/payments/record.js', rule: 'await hub.tasks.set(', without: 'void (' },
}

export const makeCareless = (built, how) => takeOut(built, CARELESS[how])
