import type { Command } from 'commander'
import { ends, examples, JSON_OUT } from './register.ts'

const afterwards = () => import('./restored.ts')

export const registerRestored = (program: Command): void => {
  program
    .command('restored')
    .description(
      'after the database was restored to a former moment, before the hub starts: no number twice, PSPs asked',
    )
    .requiredOption('--to <time>', 'the moment it was restored to: RFC 3339')
    .option('--since <time>', 'look at payments that changed since then; 30 days before unless told')
    .option('-y, --yes', 'do it; without, it is only counted and named')
    .option('--although-at-work', 'also where a hub seems to be at work on the database')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness restored --to 2026-11-23T08:00:00Z --yes'))
    .action(ends(afterwards, (commands) => commands.tellRestored))
}
