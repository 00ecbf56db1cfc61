import { Command } from 'commander'
import { registerAgreements } from './commands/agreements.register.ts'
import { registerChannels } from './commands/channels.register.ts'
import { registerClock } from './commands/clock.register.ts'
import { registerConfiguration } from './commands/configuration.register.ts'
import { registerDoctor } from './commands/doctor.register.ts'
import { registerKeys } from './commands/keys.register.ts'
import { registerMessages } from './commands/message.register.ts'
import { registerNotices } from './commands/notices.register.ts'
import { registerPayments } from './commands/payments.register.ts'
import { registerReceipts } from './commands/receipt.register.ts'
import { registerRestored } from './commands/restored.register.ts'
import { registerRunning } from './commands/run.register.ts'
import { registerTasks } from './commands/tasks.register.ts'
import { VERSION } from './version.ts'

/** Every group of commands, in the order in which help names them. A new group is a file and a row here. */
const GROUPS: readonly ((program: Command) => void)[] = [
  registerRunning,
  registerConfiguration,
  registerDoctor,
  registerKeys,
  registerPayments,
  registerReceipts,
  registerNotices,
  registerAgreements,
  registerTasks,
  registerRestored,
  registerChannels,
  registerMessages,
  registerClock,
]

/** The command line as a value: running it is left to `cli.ts`. */
export const commandLine = (): Command => {
  const program = new Command('ebizness')
    .description(
      'A payment hub between e-services and many banks. Settings come from the environment: see docs/operating.',
    )
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
  for (const register of GROUPS) register(program)
  return program
}
