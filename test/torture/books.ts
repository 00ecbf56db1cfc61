import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from './ledger.ts'
import type { Evidence } from './verdict.ts'

/** What is left for a reader when something was lost: everything that the verdict saw, and what was done when. */
export type Books = {
  readonly ledger: Ledger
  /** Absent: it never came to the end. */
  readonly evidence?: Evidence
}

/** Writes them beside what the hubs and the database said. Returns the file. */
export const keepBooks = (folder: string, books: Books): string => {
  const file = join(folder, 'books.json')
  writeFileSync(file, JSON.stringify(books, asWritten, 1), { mode: 0o600 })
  return file
}

const asWritten = (_name: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value instanceof Set ? [...value] : value
