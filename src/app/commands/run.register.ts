import type { Command } from 'commander'
import { ends, examples } from './register.ts'

const running = () => import('./start.ts')
/** Simulated banks are loaded by these commands only: no production process holds them. */
const simulated = () => import('./demo.ts')

export const registerRunning = (program: Command): void => {
  program
    .command('demo')
    .description('the hub, the simulated banks and a demo e-service, all at once')
    .addHelpText('after', examples('ebizness demo', 'PORT=9000 EBIZNESS_DATA_DIR=/tmp/second ebizness demo'))
    .action(ends(simulated, (commands) => commands.demo))
  program
    .command('sandbox')
    .description('the simulated banks alone, for the agreements of a cma.yaml')
    .argument('<file>', 'the cma.yaml whose agreements the banks serve')
    .option('--port <port>', 'where the banks listen', '8081')
    .addHelpText('after', examples('ebizness sandbox cma.yaml', 'ebizness sandbox cma.yaml --port 9081'))
    .action(ends(simulated, (commands) => commands.sandboxWorld))
  program
    .command('start')
    .description('run the hub until it is asked to stop')
    .option('--modules <names>', 'only these: payments, notices')
    .addHelpText(
      'after',
      examples('ebizness start', 'EBIZNESS_MODE=test PORT=9000 ebizness start', 'ebizness start --modules=notices'),
    )
    .action(ends(running, (commands) => commands.start))
}
