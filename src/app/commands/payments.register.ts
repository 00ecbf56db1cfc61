import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const operating = () => import('./operate.ts')

export const registerPayments = (program: Command): void => {
  groupOf(program, 'payments', 'what became of a payment')
    .command('show')
    .description('what happened to one payment')
    .argument('<id>', 'pay_…')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness payments show pay_01jd8x5m4t7q2v9w3y6z0a1b2c'))
    .action(ends(operating, (commands) => commands.showPayment))
}
