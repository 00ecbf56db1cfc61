import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { demoFolder, renderDemoFile } from '../src/sandbox/index.ts'
import { ebizness, ebiznessJson, type Place } from './support/command.ts'
import { execute, openTempFolder, urlOf } from './support/test-server.ts'

/** What an operator does with a database, from an empty one to the first key. The stories follow each other. */

const NAME = 'cli_operate'
const SLOW_MS = 120_000

/** Throw-away. */
const NEXT_MASTER_KEY = Buffer.alloc(32, 'next').toString('base64')

let place: Place
beforeAll(async () => {
  const folder = openTempFolder('ebizness-operate-')
  cpSync(demoFolder, folder, { recursive: true })
  await execute(inject('databaseUrl'), `create database ${NAME}`)
  const env = { DATABASE_URL: urlOf(inject('databaseUrl'), NAME), EBIZNESS_DATA_DIR: join(folder, 'data') }
  place = { folder, env }
  writeFileSync(join(folder, 'cma.yaml'), cma)
  await ebizness(place, '--version')
}, 180_000)
afterAll(async () => {
  await execute(inject('databaseUrl'), `drop database ${NAME} with (force)`)
  rmSync(place.folder, { recursive: true, force: true })
})

const cma = renderDemoFile({ bankRoot: 'http://localhost:8081', shopRoot: 'http://localhost:8082' })

/** Texts in any table that the master key of this version sealed. */
const sealedUnder = async (version: number): Promise<number> => {
  const url = place.env?.DATABASE_URL ?? ''
  const columns = await execute(
    url,
    `select format('select 1 from %I.%I where %I ~ ''^${version}\\.[A-Za-z0-9_-]{38,}$''', table_schema, table_name, column_name)
       as text from information_schema.columns where data_type = 'text' and table_schema not in ('pg_catalog', 'information_schema')`,
  )
  return (await execute(url, columns.map(({ text }) => String(text)).join(' union all '))).length
}

describe('an operator sets up a hub', { timeout: SLOW_MS }, () => {
  it('migrate brings an empty database up to this release, and again does nothing', async () => {
    expect(await ebiznessJson(place, 'migrate')).toEqual({ code: 0, value: { upToDate: true } })
    const tables = await execute(place.env?.DATABASE_URL ?? '', "select 1 from pg_tables where schemaname = 'payments'")
    expect(tables.length).toBeGreaterThan(4)
    const again = await ebizness(place, 'migrate')
    expect([again.code, again.out]).toEqual([0, 'The database is up to date.\n'])
  })

  it('apply shows what it would do and asks; where nobody can be asked it does nothing', async () => {
    const { code, out, said } = await ebizness(place, 'apply cma.yaml')
    expect(code).toBe(2)
    expect(out).toContain('liepkalni-swedbank')
    expect(said).toContain('repeat with --yes')
  })

  it('apply --yes makes it true, and a second time finds nothing to change', async () => {
    expect(await ebiznessJson(place, 'apply cma.yaml --yes')).toMatchObject({ code: 0, value: { changed: true } })
    expect(await ebiznessJson(place, 'apply cma.yaml --yes')).toEqual({
      code: 0,
      value: { changed: false, changes: [] },
    })
  })

  it('apply tells what is wrong with file, line and column, all of it at once, and changes nothing', async () => {
    const wrong = cma.replace('LV07HABA0000000000001', 'LV07HABA0000000000002').replace('mode: test', 'mode: trial')
    writeFileSync(join(place.folder, 'wrong.yaml'), wrong)
    const [{ code, out, said }, missing] = await Promise.all([
      ebizness(place, 'apply wrong.yaml --yes'),
      ebizness(place, 'apply nowhere.yaml --yes'),
    ])
    expect([code, out]).toEqual([2, ''])
    const lineOf = (text: string) => wrong.slice(0, wrong.indexOf(text)).split('\n').length
    for (const text of ['LV07HABA0000000000002', 'mode: trial'])
      expect(said).toMatch(new RegExp(`^wrong\\.yaml:${lineOf(text)}:\\d+: `, 'm'))
    expect(missing.code).toBe(2)
    expect(missing.said).toMatch(/^nowhere\.yaml: cannot be read: is the path right.*\n$/)
  })

  it('export gives back a file with its pictures that changes nothing, and no key', async () => {
    const [printed, written, json] = await Promise.all([
      ebizness(place, 'export'),
      ebiznessJson(place, 'export --to exported'),
      ebiznessJson(place, 'export'),
    ])
    const file = readFileSync(join(place.folder, 'exported/cma.yaml'), 'utf8')
    expect(written).toMatchObject({ code: 0, value: { written: expect.arrayContaining(['exported/cma.yaml']) } })
    expect([printed.code, printed.out]).toEqual([0, file])
    expect(json).toMatchObject({ code: 0, value: { yaml: file } })
    expect(file).toMatch(/stored: key_/)
    expect(printed.said + JSON.stringify(json)).not.toMatch(/PRIVATE KEY/)
    expect(await ebiznessJson(place, 'apply exported/cma.yaml --yes --prune')).toEqual({
      code: 0,
      value: { changed: false, changes: [] },
    })
  })

  it('export writes over nothing, and names the file that is in the way', async () => {
    writeFileSync(join(place.folder, 'exported/cma.yaml'), 'mine')
    const [there, file] = await Promise.all([
      ebizness(place, 'export --to exported'),
      ebizness(place, 'export --to cma.yaml'),
    ])
    expect([there.code, there.out, there.said]).toEqual([2, '', expect.stringContaining('exported/cma.yaml')])
    expect(readFileSync(join(place.folder, 'exported/cma.yaml'), 'utf8')).toBe('mine')
    expect([file.code, file.said]).toEqual([2, expect.stringContaining('cannot be written')])
  })

  it('keys create shows a key this once: the key alone on standard output', async () => {
    const [made, words, unknown, scope] = await Promise.all([
      ebiznessJson(place, 'keys create --e-service property-tax --name shop --scopes payer:read'),
      ebizness(place, 'keys create --e-service property-tax'),
      ebizness(place, 'keys create --e-service nobody'),
      ebizness(place, 'keys create --e-service property-tax --scopes everything'),
    ])
    expect(made).toEqual({
      code: 0,
      value: { id: expect.stringMatching(/^key_/), key: expect.stringMatching(/^sk_test_/) },
    })
    expect(words.out).toMatch(/^sk_test_\w+\n$/)
    expect(words.said).toContain('shown this once')
    expect([unknown.code, unknown.out, scope.code, scope.out]).toEqual([2, '', 2, ''])
  })

  it('keys notices tells what notices are signed with, and --rotate makes new ones', async () => {
    const first = await ebiznessJson(place, 'keys notices --e-service property-tax')
    expect(first).toEqual({
      code: 0,
      value: [
        {
          url: 'http://localhost:8082/notices',
          secret: expect.stringMatching(/^whsec_/),
          publicKey: expect.stringMatching(/^whpk_/),
        },
      ],
    })
    const rotated = await ebiznessJson(place, 'keys notices --e-service property-tax --rotate')
    expect(rotated).not.toEqual(first)
    expect(await ebiznessJson(place, 'keys notices --e-service property-tax')).toEqual(rotated)
    const unknown = await ebizness(place, 'keys notices --e-service nobody')
    expect([unknown.code, unknown.said]).toEqual([2, expect.stringContaining('no e-service "nobody"')])
  })

  it('agreements show tells what to give the bank, and never a private key', async () => {
    const [words, json, unknown] = await Promise.all([
      ebizness(place, 'agreements show liepkalni-swedbank'),
      ebiznessJson(place, 'agreements show liepkalni-swedbank'),
      ebizness(place, 'agreements show nobody'),
    ])
    const address = 'http://localhost:0/psp/swedbank-lv/liepkalni-swedbank'
    for (const text of [`${address}/<attempt>/notice`, `${address}/back`, 'senderId  ', 'BEGIN PUBLIC KEY'])
      expect(words.out).toContain(text)
    expect(json).toMatchObject({
      code: 0,
      value: {
        addresses: { everyPayment: { notice: `${address}/notice` } },
        keys: expect.arrayContaining([expect.objectContaining({ name: 'merchant', whose: 'ours' })]),
      },
    })
    expect(words.out + JSON.stringify(json)).not.toMatch(/PRIVATE/)
    expect([unknown.code, unknown.out, unknown.said]).toEqual([1, '', expect.stringContaining('liepkalni-swedbank')])
  })

  it('agreements reread reads what was not believed once more, and knows no agreement that is not there', async () => {
    const none = await ebiznessJson(place, 'agreements reread liepkalni-swedbank --from 2026-01-01')
    expect(none).toEqual({
      code: 0,
      value: { agreement: 'liepkalni-swedbank', looked: 0, believed: 0, done: false },
    })
    const heard = await ebizness(place, 'agreements reread liepkalni-swedbank --yes')
    expect([heard.code, heard.out]).toEqual([
      0,
      '0 of 0 message(s) that were not believed verify now, and were heard.\n',
    ])
    const unknown = await ebizness(place, 'agreements reread nobody')
    expect(unknown.code).toBe(1)
    expect(unknown.said).toContain('there is no agreement "nobody"')
  })

  it('agreements pause tells payers that a bank is out of order, resume takes it back', async () => {
    const pause = (rest: string) => ebizness(place, `agreements pause ${rest}`)
    const wrong = await Promise.all([
      pause('liepkalni-swedbank --until 2020-01-01 --text en=Away'),
      pause('liepkalni-swedbank --until 2099-01-01 --text en=Away'),
      pause('liepkalni-swedbank --until 2099-01-01 --from 2098-12-31'),
      pause('liepkalni-swedbank --until 2099-01-01 --from 2098-12-31 --text de=Weg'),
      pause('nobody --until 2099-01-01 --from 2098-12-31 --text en=Away'),
    ])
    expect(wrong.map(({ code, out }) => [code, out])).toEqual([
      [2, ''],
      [2, ''],
      [2, ''],
      [2, ''],
      [1, ''],
    ])
    const made =
      'agreements pause liepkalni-swedbank --until 2099-01-01 --from 2098-12-31 --text lv=Apkope --text en=Away'
    expect(await ebiznessJson(place, made)).toEqual({
      code: 0,
      value: {
        agreement: 'liepkalni-swedbank',
        pause: { from: '2098-12-30T22:00:00.000Z', to: '2099-01-01T22:00:00.000Z', text: { lv: 'Apkope', en: 'Away' } },
      },
    })
    const listed = await ebizness(place, 'agreements list')
    expect(listed.out).toMatch(
      /^liepkalni-swedbank +swedbank-lv +liepkalni +LV07HABA\w+ +2025-01-01 – +paused from 2098-12-30/m,
    )
    expect((await ebizness(place, 'agreements resume liepkalni-swedbank')).out).toBe(
      'liepkalni-swedbank is offered again.\n',
    )
    const [again, json] = await Promise.all([
      ebizness(place, 'agreements resume liepkalni-swedbank'),
      ebiznessJson(place, 'agreements list'),
    ])
    expect([again.code, again.out]).toEqual([1, ''])
    expect(JSON.stringify(json.value)).not.toMatch(/"pause"|PUBLIC KEY/)
  })

  it('keys list tells which are taken, keys revoke ends one, and never is a key shown', async () => {
    const made = await ebiznessJson(place, 'keys create --e-service property-tax --name leaked')
    const { id } = z.object({ id: z.string() }).parse(made.value)
    const listed = async () =>
      z.array(z.looseObject({ id: z.string() })).parse((await ebiznessJson(place, 'keys list')).value)
    const before = await listed()
    expect(before).toContainEqual({
      ...{ id, eService: 'property-tax', name: 'leaked', scopes: [], lastUsedAt: null },
      createdAt: expect.any(String),
    })
    const revoked = await ebizness(place, `keys revoke ${id}`)
    expect([revoked.code, revoked.out]).toEqual([0, expect.stringContaining(`${id} is revoked`)])
    expect(await listed()).toEqual(before.filter((key) => key.id !== id))
    const [again, words, nobody] = await Promise.all([
      ebizness(place, `keys revoke ${id}`),
      ebizness(place, 'keys list --e-service property-tax'),
      ebizness(place, 'keys list --e-service nobody'),
    ])
    expect([again.code, again.out, again.said]).toEqual([1, '', expect.stringContaining('keys list')])
    expect(words.out).toMatch(/^key_\w+ +property-tax +shop +payer:read +\d{4}-\d\d-\d\d +never$/m)
    expect(words.out).not.toMatch(/sk_test_/)
    expect(nobody.code).toBe(2)
  })

  it('doctor ends with 0 where nothing is wrong, 1 at an error and 3 without its database, in sentences', async () => {
    const there = (more: Readonly<Record<string, string>>) => ({ ...place, env: { ...place.env, ...more } })
    const [fine, json, wrong, away] = await Promise.all([
      ebizness(place, 'doctor'),
      ebiznessJson(place, 'doctor'),
      ebizness(there({ EBIZNESS_MODE: 'test', EBIZNESS_MASTER_KEY: NEXT_MASTER_KEY }), 'doctor'),
      ebizness(there({ DATABASE_URL: 'postgres://localhost:1/hub' }), 'doctor'),
    ])
    expect([fine.code, fine.out], fine.said).toEqual([
      0,
      expect.stringContaining('Looked at database, clock, master key'),
    ])
    expect(json).toMatchObject({ code: 0, value: { mode: 'test', fine: true, looked: expect.any(Array) } })
    expect([wrong.code, wrong.out]).toEqual([1, expect.stringMatching(/^error +master key: .* cannot be opened/m)])
    expect([away.code, away.out]).toEqual([
      3,
      expect.stringMatching(/^error +database: localhost:1\/hub does not answer/),
    ])
    expect(away.said).not.toMatch(/\n\s+at /)
  })

  it('keys rotate seals all under the newest master key; then the older one may go, and not before', async () => {
    const [older, newer] = [readFileSync(join(place.folder, 'data/master.key'), 'utf8').trim(), NEXT_MASTER_KEY]
    const under = (key: string) => ({
      ...place,
      env: { ...place.env, EBIZNESS_MODE: 'test', EBIZNESS_MASTER_KEY: key },
    })
    // The first key for return tokens, and its successor.
    expect(await ebiznessJson(place, 'keys rotate --tokens')).toEqual({
      code: 0,
      value: { signsFrom: expect.any(String), formerUntil: expect.any(String) },
    })
    const before = await ebiznessJson(place, 'keys notices --e-service property-tax')
    const early = await ebizness(under(`2:${newer}`), 'keys notices --e-service property-tax')
    expect([early.code, early.said]).toEqual([2, expect.stringContaining('master key 1 is needed')])
    const both = under(`2:${newer},1:${older}`)
    expect(await ebiznessJson(both, 'keys rotate')).toEqual({
      code: 0,
      value: { sealed: { agreements: expect.any(Number), notices: 2, tokens: 2 } },
    })
    expect(await sealedUnder(1), 'nothing anywhere in the database').toBe(0)
    expect(await sealedUnder(2)).toBeGreaterThan(5)
    const again = await ebizness(both, 'keys rotate')
    expect(again.out).toMatch(/^Sealed anew: 0 .*\nNothing is sealed under an older master key/)
    expect(await ebiznessJson(under(`2:${newer}`), 'keys notices --e-service property-tax')).toEqual(before)
    const wrong = await ebizness(under('short'), 'keys list')
    expect([wrong.code, wrong.said]).toEqual([2, expect.stringMatching(/^EBIZNESS_MASTER_KEY: master key 1 has/)])
  })
})

describe('a command that cannot work', { timeout: SLOW_MS }, () => {
  it.each([
    {
      what: 'a database that is not there',
      env: { DATABASE_URL: 'postgres://localhost:1/hub' },
      code: 3,
      says: /database/,
    },
    {
      what: 'an address that is none',
      env: { DATABASE_URL: 'mysql://x' },
      code: 2,
      says: /DATABASE_URL: must begin with postgres:\/\//,
    },
    { what: 'a mode that there is not', env: { EBIZNESS_MODE: 'maybe' }, code: 2, says: /EBIZNESS_MODE/ },
  ])('says so and ends with $code: $what', async ({ env, code, says }) => {
    const ended = await ebizness({ ...place, env: { ...place.env, ...env } }, 'keys notices --e-service property-tax')
    expect([ended.code, ended.out], ended.said).toEqual([code, ''])
    expect(ended.said).toMatch(says)
    expect(ended.said).not.toMatch(/\n\s+at /)
  })
})
