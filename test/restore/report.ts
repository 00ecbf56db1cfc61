import type { z } from 'zod'
import type { Books, Gone, Told } from './books.ts'

/** What was measured and counted. Times from the loss of the machine, unless they say otherwise. */
export type Report = {
  /** Of the base backup, under load. */
  readonly backupMs: number
  readonly restoreMs: number
  /** Of `ebizness restored`. */
  readonly restoredMs: number
  readonly servesMs: number
  readonly enquiredMs: number
  readonly books: Books
  readonly told: z.infer<typeof Told>
  readonly kept: number
  readonly lost: number
  readonly since: number
  readonly parked: number
  /** Refunds acknowledged before the moment: each is there. */
  readonly keptRefunds: number
  /** Payments whose events go on beyond numbers that were left out. */
  readonly leftOut: number
  /** Refunds that were forgotten, asked for again and acknowledged. */
  readonly repeated: number
  readonly breaches: readonly string[]
}

const SHOWN = 20

export const shown = (report: Report): string => {
  const { books, told } = report
  const rows: readonly (readonly [string, string | number])[] = [
    ['base backup under load', seconds(report.backupMs)],
    ['restored to the moment', seconds(report.restoreMs)],
    ['"ebizness restored" itself', seconds(report.restoredMs)],
    ['first request served', seconds(report.servesMs)],
    ['every PSP asked that can be', seconds(report.enquiredMs)],
    ['payments acknowledged before the moment', report.kept],
    ['ordered after it, and gone', report.lost],
    ['ordered after the restore', report.since],
    ['attempts asked about', told.asked],
    ['attempts for a clerk to look up', told.unaskable.length],
    ['refunds acknowledged before the moment', report.keptRefunds],
    ['refunds in doubt', told.refunds.length],
    ['forgotten refunds asked for again', report.repeated],
    ['messages of banks about what is gone', report.parked],
    ['payments told of beyond a gap in numbers', report.leftOut],
    ['paid at the banks', cents(books.paidAtBanksMinor)],
    ['  of it found by the hub', cents(books.foundMinor)],
    ['    of it forgotten, and found again', cents(books.foundAgainMinor)],
    ['  on the list for the clerk', cents(books.forClerkMinor)],
    ['  told by the bank, a task at its plan’s end', cents(books.doubtedMinor)],
    ['  of orders that are gone, a message parked', cents(books.parkedMinor)],
    ['  of gone ones, only the bank’s list tells', cents(books.onlyAtBankMinor)],
    ['given back at the banks', cents(books.refundedMinor)],
    ['BREACHES', report.breaches.length],
  ]
  return [
    'the machine lost under load, restored to a moment before, PSPs asked again',
    ...rows.map(([name, value]) => `  ${name.padEnd(44)}${String(value).padStart(12)}`),
    ...books.gone.slice(0, SHOWN).map(goneRow),
    ...(books.gone.length > SHOWN ? [`  gone: and ${books.gone.length - SHOWN} more`] : []),
    ...report.breaches.slice(0, SHOWN).map((breach) => `  ! ${breach}`),
    ...(report.breaches.length > SHOWN ? [`  ! and ${report.breaches.length - SHOWN} more`] : []),
  ].join('\n')
}

const goneRow = ({ order: { agreement, number, amount }, isParked }: Gone): string =>
  `  gone: ${agreement} ${number}, ${cents(amount.amountMinor)}: ${isParked ? 'a message is parked' : 'only the bank’s list tells'}`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
const cents = (minor: number): string => (minor / 100).toFixed(2)
