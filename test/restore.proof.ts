import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rehearse, shown } from './restore/restore.ts'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'

/** A short one among the proofs; the long ones are `npm run rehearse-restore`. */
describe.runIf(existsSync('/usr/lib/postgresql'))('a machine lost under load', () => {
  let folder = ''
  let program = ''
  beforeAll(() => {
    folder = openTempFolder('ebz-restore-')
    program = snapshot(join(folder, 'built')).program
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is restored to a moment before, and every cent at the banks is in the books or named for a clerk', async () => {
    const own = join(folder, 'run')
    mkdirSync(own, { mode: 0o711 })
    const report = await rehearse({ program, payers: 8, stepPayments: 15, seed: 1, folder: own, say: () => {} })
    expect(report.breaches, shown(report)).toEqual([])
    const { books, told, lost, since, parked, repeated, keptRefunds } = report
    const { foundMinor, forClerkMinor, doubtedMinor, parkedMinor, onlyAtBankMinor, paidAtBanksMinor } = books
    expect(foundMinor + forClerkMinor + doubtedMinor + parkedMinor + onlyAtBankMinor).toBe(paidAtBanksMinor)
    // Something was truly forgotten: asked about again and found, told of by banks, and asked back again.
    const met = {
      lost,
      since,
      parked,
      repeated,
      keptRefunds,
      asked: told.asked,
      again: books.foundAgainMinor,
      parkedMinor,
    }
    expect(Object.entries(met).filter(([, count]) => count === 0)).toEqual([])
  })
})
