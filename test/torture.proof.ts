import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'
import { shown, torture } from './torture/torture.ts'

/** A short one among the proofs; the long ones are `npm run torture`. */
let folder = ''
let program = ''
beforeAll(() => {
  folder = openTempFolder('ebz-torture-')
  program = snapshot(join(folder, 'built')).program
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('kill -9 under load', () => {
  it.concurrent.each(['hub', 'database'] as const)(
    'of the %s loses nothing that was acknowledged',
    { timeout: 300_000 },
    async (target) => {
      const own = join(folder, target)
      mkdirSync(own, { mode: 0o711 })
      const report = await torture({
        kills: 3,
        target,
        store: 'embedded',
        seed: 1,
        payers: 6,
        folder: own,
        program,
        hurry: true,
        say: () => {},
      })
      expect(report.breaches, shown(report)).toEqual([])
      expect(report.executed).toBeGreaterThan(0)
    },
  )
})
