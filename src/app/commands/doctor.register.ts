import type { Command } from 'commander'
import { ends, examples, JSON_OUT } from './register.ts'

const examining = () => import('./doctor.ts')

export const registerDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('look at database, keys, addresses and all that waits; each finding says what to do')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness doctor', 'ebizness doctor --json | jq .findings'))
    .action(ends(examining, (commands) => commands.doctor))
}
