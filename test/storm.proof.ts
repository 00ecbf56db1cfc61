import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shown, storm } from './storm/storm.ts'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'

/** A short one among the proofs; the long ones are `npm run storm`. */
let folder = ''
let program = ''
beforeAll(() => {
  folder = openTempFolder('ebz-storm-')
  const built = join(folder, 'built')
  mkdirSync(built, { mode: 0o711 })
  program = snapshot(built).program
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('everybody at once, at two hubs on one database', () => {
  it('makes one payment of a thousand equal orders, and breaks no law of any', { timeout: 240_000 }, async () => {
    const own = join(folder, 'storm')
    mkdirSync(own, { mode: 0o711 })
    const report = await storm({
      copies: 1000,
      rounds: 40,
      seed: 1,
      store: 'embedded',
      folder: own,
      program,
      say: () => {},
    })
    expect(report.breaches, shown(report)).toEqual([])
    expect(report.told).toBe(999)
    expect(
      [report.executed, report.refunds, report.paidTwice].every((count) => count > 0),
      shown(report),
    ).toBe(true)
  })
})
