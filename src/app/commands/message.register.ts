import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const messages = () => import('./message.ts')

export const registerMessages = (program: Command): void => {
  const message = groupOf(program, 'message', 'read a bank’s message, or make one, without a database')
  message
    .command('read')
    .description('verify a message and say what it means; ends with 0 trusted, 1 untrusted, 2 bad input')
    .option('--channel <channel>', 'e.g. swedbank-lv; may be left out where the message’s address names it')
    .requiredOption('--settings <file>', 'settings and keys, JSON')
    .requiredOption('--message <file>', 'the message, JSON')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness message read --settings bank.json --message notice.json',
        'ebizness message read --channel seb-lv --settings bank.json --message m.json',
      ),
    )
    .action(ends(messages, (commands) => commands.readMessage))
  message
    .command('begin')
    .description('what the bank is sent for an order')
    .requiredOption('--channel <channel>', 'e.g. swedbank-lv')
    .requiredOption('--settings <file>', 'settings and keys, JSON')
    .requiredOption('--order <file>', 'the order, JSON')
    .option('--at <time>', 'sign as of this time, RFC 3339')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness message begin --channel swedbank-lv --settings bank.json \\',
        '  --order order.json --at 2026-11-23T08:00:00Z',
      ),
    )
    .action(ends(messages, (commands) => commands.beginMessage))
}
