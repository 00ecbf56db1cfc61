import { describe, expect, it } from 'vitest'
import type { Instant } from '../../src/kernel/time.ts'
import { parseInstant } from '../../src/kernel/time.ts'
import type { Address, Kind } from './addresses.ts'
import { type Heard, type Ledger, openLedger } from './ledger.ts'
import { delaysOf, lateness, spreadOf } from './report.ts'
import { judge } from './verdict.ts'

const spread = (...waits: readonly number[]) => spreadOf(waits.map((ms, place) => ({ ms, what: `notice ${place}` })))
const waits = (count: number, ms: number) => Array.from({ length: count }, () => ms)

describe('the limit', () => {
  it.each([
    ['all are fast', waits(1_000, 100), 0],
    ['nine of a thousand are slow', [...waits(991, 100), ...waits(9, 501)], 0],
    ['one in a hundred is slow', [...waits(990, 100), ...waits(10, 501)], 1],
    ['exactly the limit', waits(1_000, 500), 0],
    ['too few to tell', waits(99, 100), 1],
    ['none', [], 1],
  ])('%s', (_, measured, breaches) => {
    expect(lateness(spread(...measured), 500)).toHaveLength(breaches)
  })
})

const heardAt = (payment: string, at: number, sinceEventMs: number, kind: Kind = 'healthy'): Heard => ({
  eService: 'service-1',
  kind,
  payment,
  sequence: 1,
  at,
  sinceEventMs,
})

describe('what a kill befell', () => {
  const ledger: Ledger = { ...openLedger(), strikes: [{ from: 10_000, to: 12_000 }] }
  const notices = [
    heardAt('before', 9_999, 50),
    heardAt('on its way', 36_000, 26_001),
    heardAt('held back by it', 36_001, 26_001),
    heardAt('while nobody served', 12_500, 1_500),
    heardAt('cold', 17_500, 700),
    heardAt('long after', 17_100, 40),
    heardAt('dead anyway', 9_000, 9_000, 'slow'),
  ]
  for (const [place, one] of notices.entries()) ledger.heard.set(`evt_${place}`, one)
  ledger.heard.set('evt_next', { ...heardAt('held back by it', 36_002, 10), sequence: 2 })

  it('is measured apart, with what came behind it, and shown with the rest', () => {
    const { sinceEvent, sinceEventOfAll } = delaysOf(ledger)
    expect([sinceEvent.count, sinceEvent.longest]).toEqual([2, 50])
    expect([sinceEventOfAll.count, sinceEventOfAll.longest]).toEqual([7, 26_001])
  })
})

describe('each e-service is concerned', () => {
  const at: Instant = parseInstant('2026-11-23T08:00:00Z') ?? expect.unreachable()
  const address = (eService: string, kind: Kind): Address => ({ eService, kind, url: 'http://localhost:9/notices' })
  const addresses = [address('one', 'healthy'), address('two', 'refused'), address('three', 'gone')]
  const event = (eService: string) => ({ eService, id: `evt_${eService}`, payment: `pay_${eService}`, sequence: 1, at })
  const ledger = openLedger()
  ledger.heard.set('evt_one', { ...heardAt('pay_one', 1, 1), eService: 'one' })
  ledger.gone.set('three', [1])
  const evidence = { ledger, addresses, feed: addresses.map(({ eService }) => event(eService)), goneTold: ['three'] }

  it.each([
    ['all had an event, and were sent it', { tried: ['two'] }, []],
    ['nobody ever tried the dead one', { tried: [] }, ['nothing was ever sent to two, which is refused']],
    [
      'nobody paid one of them',
      { tried: ['two'], addresses: [...addresses, address('four', 'deaf')] },
      ['four had no event', 'nothing was ever sent to four, which is deaf'],
    ],
  ])('%s', (_, other, breaches) => {
    expect(judge({ ...evidence, ...other })).toEqual(breaches)
  })
})
