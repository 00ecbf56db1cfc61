import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const agreeing = () => import('./agreements.ts')

export const registerAgreements = (program: Command): void => {
  groupOf(program, 'agreements', 'what merchants and banks agreed on')
    .command('show')
    .description('what to give the bank of an agreement, and what is held of the bank’s; never a private key')
    .argument('<id>', 'the agreement’s id in cma.yaml')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness agreements show liepkalni-swedbank'))
    .action(ends(agreeing, (commands) => commands.showAgreement))
}
