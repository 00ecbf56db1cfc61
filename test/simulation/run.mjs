// node test/simulation/run.mjs --seed S --schedules N [--processes P]  |  --replay <schedule> [--replay <schedule> …]
// Prints what was counted and the story of what broke a law; ends with 1 then. A schedule's own number replays it.
import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { CARELESS } from './careless.mjs'
import { simulateInProcesses } from './processes.mjs'

const named = (text, former) => [...former, text]
const gathered = (text, former = []) => [...former, Number(text)]
const { seed, schedules, processes, replay, careless } = new Command('simulate')
  .description('lives through many small worlds in which everything goes wrong, and judges each')
  .option('--seed <number>', 'of all schedules', Number, 1)
  .option('--schedules <count>', 'how many', Number, 2_000)
  .option('--processes <count>', 'at once', Number, availableParallelism())
  .option(
    '--careless <rule>',
    `takes a rule out of the hub, to see that it is found out: ${Object.keys(CARELESS).join(', ')}`,
    named,
    [],
  )
  .option('--replay <schedule>', 'lives through this one twice and tells its story', gathered)
  .parse()
  .opts()

const STORIES_TOLD = 3

const shown = ({ seed: schedule, breaches, story }) =>
  [
    `Schedule ${schedule} (npm run simulate -- --replay ${schedule})`,
    ...story,
    ...breaches.map((one) => `BROKEN: ${one}`),
    '',
  ].join('\n')

if (replay) {
  const { lives } = await simulateInProcesses({
    also: replay.flatMap((one) => [one, one]),
    processes: 1,
    keep: true,
    careless,
  })
  for (const [place, life] of lives.entries()) {
    if (place % 2 === 0) process.stdout.write(`${shown(life)}\n`)
    else
      process.stdout.write(`Lived again: ${lives[place - 1].digest === life.digest ? 'the same' : 'ANOTHER STORY'}\n`)
  }
  process.exit(lives.every(({ breaches }) => breaches.length === 0) ? 0 : 1)
}

let told = performance.now()
const progress = (count) => {
  if (performance.now() - told < 10_000) return
  told = performance.now()
  process.stderr.write(`${count} of ${schedules} schedules\n`)
}
let stories = 0
const broken = (life) => {
  process.stdout.write(++stories <= STORIES_TOLD ? `${shown(life)}\n` : `Schedule ${life.seed} is broken too.\n`)
}
const run = await simulateInProcesses({ seed, schedules, processes, progress, broken, careless })
process.stdout.write(
  [
    `schedules             ${run.schedules} of seed ${seed}, in ${run.seconds} s`,
    `payments              ${run.payments}, ${run.executed} executed`,
    `processes that died   ${run.crashes}`,
    `left to statements    ${run.untold} of ${run.moved} sums that moved  (no message came through, and the bank cannot be asked)`,
    `LAWS BROKEN           ${run.failures.length}${run.failures.length > 0 ? `: ${run.failures.map((one) => one.seed).join(' ')}` : ''}`,
    '',
  ].join('\n'),
)
process.exit(run.failures.length === 0 ? 0 : 1)
