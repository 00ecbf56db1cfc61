import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const agreeing = () => import('./agreements.ts')
const pausing = () => import('./agreements-pause.ts')

const rereading = () => import('./agreements-reread.ts')

const also = (one: string, others: readonly string[]): readonly string[] => [...others, one]

export const registerAgreements = (program: Command): void => {
  const agreements = groupOf(program, 'agreements', 'what merchants and banks agreed on')
  agreements
    .command('list')
    .description('all agreements, and which of them need attention')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness agreements list'))
    .action(ends(agreeing, (commands) => commands.listAgreements))
  agreements
    .command('show')
    .description('what to give the bank of an agreement, and what is held of the bank’s; never a private key')
    .argument('<id>', 'the agreement’s id in cma.yaml')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness agreements show liepkalni-swedbank'))
    .action(ends(agreeing, (commands) => commands.showAgreement))
  agreements
    .command('pause')
    .description('announce that a bank is out of order for a while: payers see it greyed, with your words')
    .argument('<id>', 'the agreement’s id in cma.yaml')
    .requiredOption('--until <time>', 'to the end of this day (in Latvia), or to a moment, RFC 3339')
    .option('--from <time>', 'from this day or moment on; now, unless told')
    .option('--text <language=text>', 'why, for payers; once for each language', also, [])
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness agreements pause liepkalni-swedbank --until 2026-11-23T06:00:00Z \\',
        '  --text "lv=Banka veic apkopi" --text "en=The bank is being serviced"',
      ),
    )
    .action(ends(pausing, (commands) => commands.pauseAgreement))
  agreements
    .command('resume')
    .description('take a pause back')
    .argument('<id>', 'the agreement’s id in cma.yaml')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness agreements resume liepkalni-swedbank'))
    .action(ends(pausing, (commands) => commands.resumeAgreement))
  agreements
    .command('reread')
    .description('read what was not believed once more, by the keys and settings of now; counts first')
    .argument('<id>', 'the agreement’s id in cma.yaml')
    .option('--from <time>', 'what came on this day or later: a day (in Latvia) or RFC 3339')
    .option('--to <time>', 'what came on this day or before; a moment itself does not count')
    .option('-y, --yes', 'hear what they say')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness agreements reread liepkalni-swedbank --from 2026-11-20'))
    .action(ends(rereading, (commands) => commands.rereadMessages))
}
