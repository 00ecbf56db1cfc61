import type { Command } from 'commander'
import { ends, examples, JSON_OUT } from './register.ts'

const operating = () => import('./operate.ts')
const exporting = () => import('./export.ts')

export const registerConfiguration = (program: Command): void => {
  program
    .command('apply')
    .description('make the database as cma.yaml says; shows the difference first')
    .argument('<file>', 'cma.yaml')
    .option('-y, --yes', 'do not ask')
    .option('--prune', 'retire what the file does not name')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples('ebizness apply cma.yaml', 'ebizness apply cma.yaml --yes', 'ebizness apply cma.yaml --yes --prune'),
    )
    .action(ends(operating, (commands) => commands.apply))
  program
    .command('export')
    .description('the database as a cma.yaml, which applied again changes nothing; keys are named, never shown')
    .option('--to <folder>', 'write cma.yaml and its pictures into this folder instead of printing')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples('ebizness export > cma.yaml', 'ebizness export --to backup && ebizness apply backup/cma.yaml'),
    )
    .action(ends(exporting, (commands) => commands.exportConfiguration))
  program
    .command('migrate')
    .description('bring the database up to this release')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness migrate'))
    .action(ends(operating, (commands) => commands.runMigrations))
}
