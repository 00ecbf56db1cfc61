import type { Command } from 'commander'
import type { Exit } from './output.ts'

/** How a group of commands makes itself known. What a command runs is loaded when it is called: what needs neither hub nor database answers in a third of the time. */

export const JSON_OUT = ['--json', 'print JSON for programs'] as const

/** Each command ends the process with its exit code: see docs/operating/command-line.md. */
export const ends =
  <Commands, Arguments extends readonly unknown[]>(
    load: () => Promise<Commands>,
    pick: (commands: Commands) => (...given: Arguments) => Exit | Promise<Exit>,
  ) =>
  async (...given: Arguments): Promise<void> => {
    process.exitCode = await pick(await load())(...given)
  }

/** The group of this name, made by whoever asks first: several files may add commands to one group. */
export const groupOf = (program: Command, name: string, description: string): Command =>
  program.commands.find((command) => command.name() === name) ?? program.command(name).description(description)

/** Below a command's options: what a person would type. */
export const examples = (...lines: readonly string[]): string =>
  ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n')
