import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const atTheDesk = () => import('./tasks.ts')

const TASK = 'tsk_01jd8x5m4t7q2v9w3y6z0a1b2c'

export const registerTasks = (program: Command): void => {
  const tasks = groupOf(program, 'tasks', 'what needs a person')
  tasks
    .command('list')
    .description('open tasks, oldest first')
    .option('--merchant <id>', 'of this merchant only')
    .option('--kind <kind>', 'of this kind only, e.g. paid_twice')
    .option('--about <id>', 'about this payment, agreement or address only')
    .option('--all', 'closed ones too')
    .option('--after <task>', 'those after this one')
    .option('--limit <count>', 'at most so many', '50')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness tasks list', 'ebizness tasks list --merchant liepkalni --kind paid_twice'))
    .action(ends(atTheDesk, (commands) => commands.listTasks))
  tasks
    .command('show')
    .description('one task: what happened, what it means, what to do and type')
    .argument('<task>', 'tsk_…')
    .option(...JSON_OUT)
    .addHelpText('after', examples(`ebizness tasks show ${TASK}`))
    .action(ends(atTheDesk, (commands) => commands.showTask))
  tasks
    .command('rule')
    .description('decide a task; the decision is kept with your name')
    .argument('<task>', 'tsk_…')
    .requiredOption('--as <ruling>', 'one of those that tasks show names')
    .requiredOption('--by <name>', 'who decides: your name')
    .requiredOption('--note <text>', 'why: what you saw, whom you asked')
    .option('--attempt <id>', 'which attempt, where several are concerned')
    .option('--reference <number>', 'the bank’s number of a refund made there')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(`ebizness tasks rule ${TASK} \\`, '  --as paid --by "A. Clerk" --note "on the statement of 3 May"'),
    )
    .action(ends(atTheDesk, (commands) => commands.ruleTask))
}
