import { expect, it } from 'vitest'
import { parseFaults } from './faults.ts'
import { note, openLedger } from './ledger.ts'
import { shortfalls } from './shortfall.ts'

const PLANNED = parseFaults('kill=2,stop,cut=2,freeze,full,failover')
const DONE = [
  ...['hub killed', 'hub killed while rising', 'database killed', 'database killed while rising', 'database stopped'],
  ...['connections cut', 'commits cut', 'hub frozen', 'hub thawed', 'disk full', 'failed over'],
]

const shortAfter = (strikes: readonly string[], cut: { connectionsCut: number; commitsCut: number }) => {
  const ledger = openLedger()
  for (const what of strikes) note(ledger, what)
  return shortfalls(PLANNED, { ...ledger, counts: { ...ledger.counts, ...cut } })
}

it('finds nothing when all that was planned was done', () => {
  expect(shortAfter(DONE, { connectionsCut: 3, commitsCut: 1 })).toEqual([])
})

it.each([
  ['hub killed', 'kill was planned 2 times and done 1 times'],
  ['database stopped', 'stop was planned 1 times and done 0 times'],
  ['commits cut', 'cut was planned 2 times and done 1 times'],
  ['hub frozen', 'freeze was planned 1 times and done 0 times'],
  ['disk full', 'full was planned 1 times and done 0 times'],
  ['failed over', 'failover was planned 1 times and done 0 times'],
])('finds that "%s" is missing', (missing, found) => {
  expect(
    shortAfter(
      DONE.filter((what) => what !== missing),
      { connectionsCut: 1, commitsCut: 1 },
    ),
  ).toEqual([found])
})

it('finds strikes that met nothing', () => {
  expect(shortAfter(DONE, { connectionsCut: 0, commitsCut: 0 })).toEqual([
    'connections cut 1 times, and 0 were',
    'commits cut 1 times, and 0 were',
  ])
})
