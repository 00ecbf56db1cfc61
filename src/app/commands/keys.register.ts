import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const keeping = () => import('./keys.ts')

export const registerKeys = (program: Command): void => {
  const keys = groupOf(program, 'keys', 'keys of e-services, and the hub’s own')
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
    .action(ends(keeping, (commands) => commands.createKey))
  keys
    .command('list')
    .description('the API keys that are taken, and when each was last used')
    .option('--e-service <id>', 'only those of one e-service')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness keys list', 'ebizness keys list --e-service property-tax --json'))
    .action(ends(keeping, (commands) => commands.listKeys))
  keys
    .command('revoke')
    .description('end an API key, at once and for good')
    .argument('<id>', 'key_…, as "keys list" shows it')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness keys revoke key_01jd8x5m4t7q2v9w3y6z0a1b2c'))
    .action(ends(keeping, (commands) => commands.revokeKey))
  keys
    .command('rotate')
    .description('seal all that is stored under the newest master key; may be interrupted and run again')
    .option('--tokens', 'make a new key for return tokens instead; the former one overlaps')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples('EBIZNESS_MASTER_KEY=2:NEW,1:PRESENT ebizness keys rotate', 'ebizness keys rotate --tokens'),
    )
    .action(ends(keeping, (commands) => commands.rotateKeys))
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
    .action(ends(keeping, (commands) => commands.noticeKeys))
}
