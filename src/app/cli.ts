#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { Ending, EXIT, type Exit, say } from './commands/output.ts'

const JSON_OUT = ['--json', 'print JSON for programs'] as const

/** Loaded when they are called: what needs neither hub nor database answers in a third of the time. */
const running = () => import('./commands/start.ts')
const operating = () => import('./commands/operate.ts')
const exporting = () => import('./commands/export.ts')
const speaking = () => import('./commands/channels.ts')
const messages = () => import('./commands/message.ts')
/** Simulated banks are loaded by these commands only: no production process holds them. */
const simulated = () => import('./commands/demo.ts')

/** Each command ends the process with its exit code: see docs/operating/command-line.md. */
const ends =
  <Commands, Arguments extends readonly unknown[]>(
    load: () => Promise<Commands>,
    pick: (commands: Commands) => (...given: Arguments) => Exit | Promise<Exit>,
  ) =>
  async (...given: Arguments): Promise<void> => {
    process.exitCode = await pick(await load())(...given)
  }

const program = new Command('ebizness')
  .description(
    'A payment hub between e-services and many banks. Settings come from the environment: see docs/operating.',
  )
  .version('0.1.0')
  .exitOverride()
  .showHelpAfterError('(--help tells more)')

program
  .command('demo')
  .description('the hub, the simulated banks and a demo e-service, all at once')
  .action(ends(simulated, (commands) => commands.demo))
program
  .command('sandbox')
  .description('the simulated banks alone, for the agreements of a cma.yaml')
  .argument('<file>', 'the cma.yaml whose agreements the banks serve')
  .option('--port <port>', 'where the banks listen', '8081')
  .action(ends(simulated, (commands) => commands.sandboxWorld))
program
  .command('start')
  .description('run the hub until it is asked to stop')
  .action(ends(running, (commands) => commands.start))

program
  .command('apply')
  .description('make the database as cma.yaml says; shows the difference first')
  .argument('<file>', 'cma.yaml')
  .option('-y, --yes', 'do not ask')
  .option('--prune', 'retire what the file does not name')
  .option(...JSON_OUT)
  .action(ends(operating, (commands) => commands.apply))
program
  .command('export')
  .description('the database as a cma.yaml, which applied again changes nothing; keys are named, never shown')
  .option('--to <folder>', 'write cma.yaml and its pictures into this folder instead of printing')
  .option(...JSON_OUT)
  .addHelpText(
    'after',
    '\nExamples:\n  ebizness export > cma.yaml\n  ebizness export --to backup && ebizness apply backup/cma.yaml',
  )
  .action(ends(exporting, (commands) => commands.exportConfiguration))
program
  .command('migrate')
  .description('bring the database up to this release')
  .option(...JSON_OUT)
  .action(ends(operating, (commands) => commands.runMigrations))

const keys = program.command('keys').description('keys of e-services')
keys
  .command('create')
  .description('a new API key; shown once')
  .requiredOption('--e-service <id>', 'whose key it is')
  .option('--name <name>', 'what it is for')
  .option('--scopes <scopes>', 'e.g. payer:read')
  .option(...JSON_OUT)
  .action(ends(operating, (commands) => commands.createKey))
keys
  .command('notices')
  .description('the keys that notices to an e-service are signed with')
  .requiredOption('--e-service <id>', 'whose notices')
  .option('--rotate', 'make new ones; the former sign beside them for 24 hours')
  .option(...JSON_OUT)
  .action(ends(operating, (commands) => commands.noticeKeys))

const payments = program.command('payments').description('what became of a payment')
payments
  .command('show')
  .description('what happened to one payment')
  .argument('<id>', 'pay_…')
  .option(...JSON_OUT)
  .action(ends(operating, (commands) => commands.showPayment))

const channels = program.command('channels').description('what the hub can speak to')
channels
  .command('list')
  .description('all channels')
  .option(...JSON_OUT)
  .action(ends(speaking, (commands) => commands.listChannels))
channels
  .command('settings')
  .description('what an agreement of a channel must bring')
  .argument('<channel>', 'e.g. swedbank-lv')
  .option(...JSON_OUT)
  .action(ends(speaking, (commands) => commands.showSettings))

const message = program.command('message').description('read a bank’s message, or make one, without a database')
message
  .command('read')
  .description('verify a message and say what it means; ends with 0 trusted, 1 untrusted, 2 bad input')
  .option('--channel <channel>', 'e.g. swedbank-lv; may be left out where the message’s address names it')
  .requiredOption('--settings <file>', 'settings and keys, JSON')
  .requiredOption('--message <file>', 'the message, JSON')
  .option(...JSON_OUT)
  .action(ends(messages, (commands) => commands.readMessage))
message
  .command('begin')
  .description('what the bank is sent for an order')
  .requiredOption('--channel <channel>', 'e.g. swedbank-lv')
  .requiredOption('--settings <file>', 'settings and keys, JSON')
  .requiredOption('--order <file>', 'the order, JSON')
  .option('--at <time>', 'sign as of this time, RFC 3339')
  .option(...JSON_OUT)
  .action(ends(messages, (commands) => commands.beginMessage))

const endWith = (fault: unknown): Exit => {
  if (fault instanceof CommanderError) return fault.exitCode === 0 ? EXIT.done : EXIT.badInput
  if (fault instanceof Ending) {
    say(fault.message)
    return fault.exit
  }
  say(fault instanceof Error ? `ebizness: ${fault.message}` : `ebizness: ${String(fault)}`)
  return EXIT.away
}

try {
  await program.parseAsync()
} catch (fault) {
  process.exitCode = endWith(fault)
}
