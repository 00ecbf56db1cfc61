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

/** Of a machine of two cores that also kills, starts and types commands meanwhile; what a quiet one keeps is measured by the long form. */
const LIMIT_MS = 2_000

it('dead, slow, flapping and busy addresses, a killed hub, changed keys and replays cost the others neither time nor a notice', {
  timeout: 240_000,
}, async () => {
  const report = await fire({
    eServices: 60,
    rate: 8,
    seconds: 20,
    seed: 1,
    store: 'embedded',
    processes: 1,
    limitMs: LIMIT_MS,
    folder,
    program,
    hurry: true,
    say: () => {},
  })
  expect(report.breaches, shown(report)).toEqual([])
  const { heard, keys, replayed, awayMs, toGone, putOffMs } = report
  for (const seen of [heard.flapping, keys.both, keys.newAlone, replayed, awayMs, toGone.length, putOffMs.length])
    expect(seen, shown(report)).toBeGreaterThan(0)
  process.stdout.write(`${shown(report)}\n`)
})
