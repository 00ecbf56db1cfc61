import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const showing = () => import('./payments-show.ts')
const finding = () => import('./payments-find.ts')
const exporting = () => import('./payments-export.ts')

export const registerPayments = (program: Command): void => {
  const payments = groupOf(program, 'payments', 'what became of payments')
  payments
    .command('show')
    .description('what happened to one payment, and why it is in its state')
    .argument('<id>', 'pay_…')
    .option('--personal', 'with the payer’s personal data')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness payments show pay_01jd8x5m4t7q2v9w3y6z0a1b2c'))
    .action(ends(showing, (commands) => commands.showPayment))
  payments
    .command('find')
    .description('payments that go by a name: what a payer or a bank reads out')
    .argument('<name>', 'a reference, a number the bank was given, the bank’s id, pay_…, att_…, evt_…, msg_…')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness payments find NIN-2026-000123', 'ebizness payments find 1001'))
    .action(ends(finding, (commands) => commands.findPayments))
  payments
    .command('export')
    .description('payments as CSV for a spreadsheet, oldest first')
    .option('--merchant <id>', 'only this merchant’s')
    .option('--e-service <id>', 'only this e-service’s')
    .option('--from <time>', 'made on this day or later: a day (in Latvia) or RFC 3339')
    .option('--to <time>', 'made on this day or before; a moment itself does not count')
    .option('--status <status>', 'e.g. executed')
    .option('--personal', 'with the payers’ personal data')
    .option('--json', 'JSON lines instead, one payment each')
    .addHelpText(
      'after',
      examples(
        'ebizness payments export > payments.csv',
        'ebizness payments export --e-service water --from 2026-11-01 --to 2026-11-30',
        'ebizness payments export --status executed --json | jq .reference',
      ),
    )
    .action(ends(exporting, (commands) => commands.exportToStandardOutput))
}
