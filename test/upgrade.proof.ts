import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'
import { buildPrevious, migrationsOf, type Previous, tablesChangedBy } from './upgrade/previous.mjs'
import { rollOver } from './upgrade/rolling.ts'
import { DRAIN_SECONDS, shown, upgrade } from './upgrade/upgrade.ts'

/** A short one among the proofs; the long ones are `npm run upgrade`. */
let folder = ''
let current = ''
let previous: Previous
beforeAll(() => {
  folder = openTempFolder('ebz-upgrade-')
  mkdirSync(join(folder, 'built'), { mode: 0o711 })
  previous = buildPrevious(join(folder, 'previous'))
  current = snapshot(join(folder, 'built')).program
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the release before and this one', () => {
  it('serve side by side while this one migrates, and the one before alone afterwards, without a failed request', async () => {
    const fresh = migrationsOf().filter((name) => !previous.migrations.includes(name))
    expect(fresh).not.toEqual([])
    const own = join(folder, 'run')
    mkdirSync(own, { mode: 0o711 })
    const report = await upgrade({
      previous: previous.program,
      current,
      store: 'embedded',
      payers: 8,
      stepPayments: 12,
      rows: 4_000,
      changed: tablesChangedBy(fresh),
      seed: 1,
      folder: own,
      say: () => {},
    })
    const { answered, answeredByBoth, balancer, breaches, refunds, wronglyTurnedAway } = report
    expect([...balancer.failed, ...wronglyTurnedAway, ...breaches], shown(report)).toEqual([])
    expect(Math.min(answered.older, answered.newer, refunds)).toBeGreaterThan(0)
    expect(Math.min(answeredByBoth.pages, answeredByBoth.attempts)).toBeGreaterThan(0)
    expect(report.executed).toBeGreaterThan(0)
  })
})

describe('two nodes behind a balancer that looks at /readyz', () => {
  it('are stopped one after the other under traffic, and not one request fails or is turned away', async () => {
    const own = join(folder, 'rolling')
    mkdirSync(own, { mode: 0o711 })
    const { balancer, goneMs, orders, breaches } = await rollOver({
      program: current,
      drainSeconds: DRAIN_SECONDS,
      stepOrders: 25,
      folder: own,
    })
    expect([...balancer.failed, ...balancer.turnedAway, ...breaches]).toEqual([])
    expect(balancer.passedOn).toBe(0)
    expect(balancer.requests).toBeGreaterThanOrEqual(2 * orders)
    expect(Math.min(...goneMs)).toBeGreaterThan(DRAIN_SECONDS * 1_000)
  })
})
