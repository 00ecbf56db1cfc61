import { readFile } from 'node:fs/promises'

/** What commands print, and how they end. */

/** 0 done · 1 the answer is no (untrusted, not found, refused) · 2 bad input · 3 the database or another service is away. */
export const EXIT = { done: 0, no: 1, badInput: 2, away: 3 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** Results go to standard output, all else to standard error: so `--json` can be piped. */
export const print = (text: string): void => {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))
export const say = (text: string): void => {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** Ends a command with one sentence for a person, or one each. */
export class Ending extends Error {
  override readonly name = 'Ending'
  readonly exit: Exit
  constructor(exit: Exit, sentences: string | readonly string[]) {
    super(typeof sentences === 'string' ? sentences : sentences.join('\n'))
    this.exit = exit
  }
}
export const badInput = (sentences: string | readonly string[]): Ending => new Ending(EXIT.badInput, sentences)

/** The text of a file that was named on the command line. */
export const readGiven = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch(() => {
    throw badInput(`${file}: cannot be read: is the path right, seen from here, and may you read it?`)
  })

/** What to throw when nobody can listen there: what to do where the port is why, else the fault. `option` is how another is told. */
export const portRefused = (port: number, fault: unknown, option: string): unknown => {
  const code = fault instanceof Error && 'code' in fault ? fault.code : undefined
  if (code === 'EADDRINUSE')
    return new Ending(EXIT.away, `port ${port} is taken by another program: end that, or choose another by ${option}`)
  if (code === 'EACCES')
    return new Ending(EXIT.away, `port ${port} may not be used by this user: choose one above 1023 by ${option}`)
  return fault
}

/** Columns under their headings, as wide as their widest cell. */
export const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = headings.map((heading, place) =>
    Math.max(heading.length, ...rows.map((row) => row[place]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, place) => cell.padEnd(widths[place] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(headings), ...rows.map(line)].join('\n')
}
