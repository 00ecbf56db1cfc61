import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const operating = () => import('./operate.ts')

export const registerKeys = (program: Command): void => {
  const keys = groupOf(program, 'keys', 'keys of e-services')
  keys
    .command('create')
    .description('a new API key; shown once')
    .requiredOption('--e-service <id>', 'whose key it is')
    .option('--name <name>', 'what it is for')
    .option('--scopes <scopes>', 'e.g. payer:read')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness keys create --e-service property-tax --name "web shop"',
        'ebizness keys create --e-service property-tax --scopes payer:read',
      ),
    )
    .action(ends(operating, (commands) => commands.createKey))
  keys
    .command('notices')
    .description('the keys that notices to an e-service are signed with')
    .requiredOption('--e-service <id>', 'whose notices')
    .option('--rotate', 'make new ones; the former sign beside them for 24 hours')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness keys notices --e-service property-tax',
        'ebizness keys notices --e-service property-tax --rotate',
      ),
    )
    .action(ends(operating, (commands) => commands.noticeKeys))
}
