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

/** What a machine keeps that has ten times as much to do as it can. Whoever waits for a dead address waits for 15 s. */
const BUSY_P50_MS = 4_000
const BUSY_P99_MS = 14_000

it('dead, slow, flapping and busy addresses, a killed hub, changed keys and replays cost the others neither time nor a notice', {
  timeout: 120_000,
}, async () => {
  const report = await fire({
    eServices: 60,
    rate: 8,
    seconds: 20,
    seed: 1,
    store: 'embedded',
    processes: 1,
    folder,
    program,
    hurry: true,
    say: () => {},
  })
  expect(report.breaches, shown(report)).toEqual([])
  const { heard, keys, replayed, awayMs, toGone, putOffMs } = report
  for (const seen of [heard.flapping, keys.both, keys.newAlone, replayed, awayMs, toGone.length, putOffMs.length])
    expect(seen, shown(report)).toBeGreaterThan(0)
  expect(report.sinceEvent.p50, shown(report)).toBeLessThan(BUSY_P50_MS)
  expect(report.sinceEvent.p99, shown(report)).toBeLessThan(BUSY_P99_MS)
})
