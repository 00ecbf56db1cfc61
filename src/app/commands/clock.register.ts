import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const clock = () => import('./clock.ts')
const WORLD = ['--world <address>', 'where the simulated banks listen', 'http://localhost:8081'] as const

export const registerClock = (program: Command): void => {
  const group = groupOf(program, 'clock', 'the time of a demo or sandbox world, hub and banks together; test mode only')
  group
    .command('show')
    .description('what time it is there, and what happens next by itself')
    .option(...WORLD)
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness clock show', 'ebizness clock show --world http://localhost:9081 --json'))
    .action(ends(clock, (commands) => commands.showClock))
  group
    .command('advance')
    .description('moves time ahead, never back, and does what falls due on the way')
    .argument('<duration>', 'PT1H or P1DT12H, also 90s, 15m, 1h, 2d; or `next`: to what happens next by itself')
    .option(...WORLD)
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples('ebizness clock advance 1h', 'ebizness clock advance P30D', 'ebizness clock advance next'),
    )
    .action(ends(clock, (commands) => commands.advanceClock))
}
