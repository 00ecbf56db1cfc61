import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const speaking = () => import('./channels.ts')
const verifying = () => import('./verify.ts')

export const registerChannels = (program: Command): void => {
  const channels = groupOf(program, 'channels', 'what the hub can speak to')
  channels
    .command('list')
    .description('all channels')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness channels list'))
    .action(ends(speaking, (commands) => commands.listChannels))
  channels
    .command('settings')
    .description('what an agreement of a channel must bring')
    .argument('<channel>', 'e.g. swedbank-lv')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness channels settings swedbank-lv'))
    .action(ends(speaking, (commands) => commands.showSettings))
  channels
    .command('verify')
    .description('reads the messages that ship with a channel, on this machine, and altered copies of them')
    .argument('<channel>', 'e.g. swedbank-lv')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness channels verify swedbank-lv'))
    .action(ends(verifying, (commands) => commands.verifyChannel))
}
