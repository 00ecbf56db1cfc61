#!/usr/bin/env node
import { CommanderError } from 'commander'
import { toItsEnd } from './commands/lifetime.ts'
import { Ending, EXIT, type Exit, say } from './commands/output.ts'
import { commandLine } from './program.ts'

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
  await toItsEnd(() => commandLine().parseAsync())
} catch (fault) {
  process.exitCode = endWith(fault)
}
