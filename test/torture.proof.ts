import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'
import { breachesOf, shown, torture } from './torture/torture.ts'

/** A short one among the proofs; the long ones are `npm run torture`. */
let folder = ''
let program = ''
beforeAll(() => {
  folder = openTempFolder('ebz-torture-')
  program = snapshot(join(folder, 'built')).program
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('several hubs on one database, under load', () => {
  it.each(['embedded', 'postgres'] as const)(
    'lose nothing that was acknowledged: %s',
    { timeout: 300_000 },
    async (store) => {
      const own = join(folder, store)
      mkdirSync(own, { mode: 0o711 })
      const report = await torture({
        faults: 'kill=15,stop=3,cut=5',
        target: 'any',
        hubs: 3,
        store,
        seed: 1,
        payers: 8,
        folder: own,
        program,
        hurry: true,
        say: () => {},
      })
      expect(breachesOf(report), shown(report)).toEqual([])
      expect(report.verdict.executed).toBeGreaterThan(0)
    },
  )
})
