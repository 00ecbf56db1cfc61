// Hubs that lack what keeps a begin and a cancel apart, to see that they are found out: one rule is taken out of a built tree.
import { takeOut } from '../torture/careless.mjs'

export const CARELESS = {
  // Two decide about one payment at once.
  lock: { file: 'src/payments/store/payments.js', rule: 'and id = $2 for update`', without: 'and id = $2`' },
  // What is decided from was read before the lock was held.
  facts: {
    file: 'src/payments/store/payments.js',
    rule: 'const [[row], facts] = await Promise.all([tx.query(LOCK, [merchant, id]), tx.query(FACTS, [merchant, [id]])]);',
    without:
      'const [facts, [row]] = await Promise.all([tx.query(FACTS, [merchant, [id]]), tx.query(LOCK, [merchant, id])]);',
  },
  // A payment is closed while a bank may still take the money.
  closed: {
    file: 'src/payments/payment.js',
    rule: "if (status === 'executed' || attempts.some((attempt) => attempt.mayStillBePaid))",
    without: "if (status === 'executed')",
  },
  // An attempt begins though a cancel was asked for.
  closing: { file: 'src/payments/payment.js', rule: 'if (state.closing)', without: 'if (false)' },
}

export const makeCareless = (built, how) => takeOut(built, CARELESS[how])
