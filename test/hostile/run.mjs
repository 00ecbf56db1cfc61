// node test/hostile/run.mjs [--part api|messages|http|addresses] [--cases 10000] [--seed N]
// Prints what was counted; ends with 1 when anything was breached, and then says how to send that again.
import { Command, Option } from 'commander'
import { startVitest } from 'vitest/node'

const hostile = new Command('fuzz')
  .description('sends the hub what no honest program would, and checks that it neither breaks nor believes')
  .addOption(new Option('--part <part>', 'one of them only').choices(['api', 'messages', 'http', 'addresses']))
  .option('--cases <count>', 'of each part', Number)
  .option('--seed <number>', 'of everything that is left to chance', Number, 1)
  .parse()
  .opts()

const vitest = await startVitest('test', ['test/hostile.proof.ts'], {
  config: 'prove.config.ts',
  watch: false,
  provide: { hostile },
  reporters: ['default'],
  disableConsoleIntercept: true,
})
await vitest.close()
