import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const telling = () => import('./notices.ts')

export const registerNotices = (program: Command): void => {
  groupOf(program, 'notices', 'what e-services are told')
    .command('replay')
    .description('send notices once more, same ids, each payment’s in order; counts them first')
    .option('--event <id>', 'this one')
    .option('--payment <id>', 'all of one payment')
    .option('--e-service <id>', 'all of an e-service, or of a time')
    .option('--from <time>', 'what happened on this day or later: a day (in Latvia) or RFC 3339')
    .option('--to <time>', 'what happened on this day or before; a moment itself does not count')
    .option('-y, --yes', 'send them')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness notices replay --payment pay_01jd8x5m4t7q2v9w3y6z0a1b2c --yes',
        'ebizness notices replay --e-service property-tax --from 2026-11-20',
      ),
    )
    .action(ends(telling, (commands) => commands.replayNotices))
}
