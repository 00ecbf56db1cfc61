import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fire, shown } from './fire/fire.ts'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'

/** A short one among the proofs; the long ones are `npm run fire`. */
let folder = ''
let program = ''
beforeAll(() => {
  folder = openTempFolder('ebz-fire-')
  mkdirSync(join(folder, 'built'), { mode: 0o711 })
  program = snapshot(join(folder, 'built')).program
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Below any time-out of a dead address, so whoever waits for one is seen; far above what a busy machine takes. */
const BUSY_P99_MS = 4_000

it('dead, slow and flapping addresses neither delay the others nor cost them a notice', {
  timeout: 120_000,
}, async () => {
  const report = await fire({
    eServices: 200,
    rate: 8,
    seconds: 15,
    seed: 1,
    store: 'embedded',
    processes: 1,
    folder,
    program,
    hurry: true,
    say: () => {},
  })
  expect(report.breaches, shown(report)).toEqual([])
  expect(report.heard.flapping, shown(report)).toBeGreaterThan(0)
  expect(report.sinceEvent.p99, shown(report)).toBeLessThan(BUSY_P99_MS)
})
