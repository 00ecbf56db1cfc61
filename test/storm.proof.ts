import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCareless } from './storm/careless.mjs'
import { idleIn, type Options, shown, storm } from './storm/storm.ts'
import { openTempFolder } from './support/test-server.ts'
import { snapshot } from './torture/snapshot.mjs'

/** A short one among the proofs; the long ones are `npm run storm`. */
let folder = ''
beforeAll(() => {
  folder = openTempFolder('ebz-storm-')
  const built = join(folder, 'built')
  mkdirSync(built, { mode: 0o711 })
  snapshot(built)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const stormed = (
  name: string,
  built: string,
  more: Pick<Options, 'copies' | 'duels' | 'rounds'> & Partial<Options>,
) => {
  const own = join(folder, name)
  mkdirSync(own, { mode: 0o711 })
  const program = join(folder, built, 'src/app/cli.js')
  return storm({ seed: 1, store: 'embedded', folder: own, program, say: () => {}, ...more })
}

describe('everybody at once, at two hubs on one database', () => {
  it('makes one payment of a thousand equal orders, and breaks no law of any', { timeout: 600_000 }, async () => {
    const report = await stormed('storm', 'built', { copies: 1000, duels: 24, rounds: 40 })
    expect(report.breaches, shown(report)).toEqual([])
    expect(idleIn(report), shown(report)).toEqual([])
    expect(report.told).toBe(999)
    expect(report.cancelledFirst + report.begunFirst).toBe(24)
  })

  it('is found out where a hub decides from what it read before the lock', { timeout: 600_000 }, async () => {
    cpSync(join(folder, 'built'), join(folder, 'careless'), { recursive: true })
    makeCareless(join(folder, 'careless'), 'facts')
    const report = await stormed('unruly', 'careless', { copies: 0, duels: 12, rounds: 0, hurry: true })
    expect(report.breaches.join('\n')).toMatch(/^pay_\w+: it was cancelled, and then paid$/m)
  })
})
