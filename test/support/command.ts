import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './program.ts'

/** The built program run to its end in a folder, as an operator or a script would: what it prints where, and how it ends. */

export type Ended = {
  readonly code: number | null
  /** Standard output alone. */
  readonly out: string
  /** Everything, as a person sees it. */
  readonly said: string
}

export type Place = { readonly folder: string; readonly env?: Readonly<Record<string, string>> }

/** `command` as words, or as one text without spaces in its words. */
export const ebizness = async (place: Place, command: string | readonly string[]): Promise<Ended> => {
  const program = await runProgram(typeof command === 'string' ? command.split(' ') : command, place)
  let out = ''
  program.child.stdout?.on('data', (text: string) => {
    out += text
  })
  const { code, said } = await program.ends()
  return { code, out, said }
}

/** With `--json`: what a script gets. */
export const ebiznessJson = async (place: Place, command: string) => {
  const { code, out, said } = await ebizness(place, `${command} --json`)
  if (out === '') throw new Error(`nothing was printed: ${said}`)
  const value: unknown = JSON.parse(out)
  return { code, value }
}

let written = 0
/** A file of its own in the folder; its name. */
export const fileOf = (folder: string, content: unknown): string => {
  const name = `file-${++written}.json`
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return name
}
