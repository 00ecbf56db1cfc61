import { beforeEach, describe, expect, it } from 'vitest'
import { exampleFiles, exampleNow, exampleYaml, fixtureKey, nextBank } from '../../test/support/merchants.ts'
import {
  FIRST_KEY,
  type MerchantsWorld,
  masterKeys,
  merchantsWorld,
  SECOND_KEY,
} from '../../test/support/merchants-world.ts'
import { MINUTE_MS } from '../kernel/time.ts'
import { statement } from '../platform/db/db.ts'
import { AgreementUnusable } from './index.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

let world: MerchantsWorld

beforeEach(async () => {
  world = await merchantsWorld()
  return world.close
})

describe('an opened agreement', () => {
  it('signs, verifies and digests by name, with settings parsed and a nonce of its own', async () => {
    await world.apply(exampleYaml)
    const first = await world.merchants.open('liepkalni-link', exampleNow)
    const second = await world.merchants.open('liepkalni-link', exampleNow)
    expect(first?.payee).toEqual({ iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' })
    expect(first?.agreement.settings).toMatchObject({ senderId: 'LIEPKALNI', payableForMinutes: 60 })
    expect(first?.agreement.nonce).toMatch(/^[0-9a-f]{32}$/)
    expect(first?.agreement.nonce).not.toBe(second?.agreement.nonce)
    const signature = await first?.agreement.sign('merchant', 'ecdsa-p256-sha256', bytes('order'))
    expect(signature).toHaveLength(64)
    expect(
      await first?.agreement.verify('bank', 'ecdsa-p256-sha256', bytes('order'), signature ?? bytes(''), exampleNow),
    ).toBe(false)
    expect(await (await world.merchants.open('liepkalni-gateway', exampleNow))?.credentials('api')).toEqual({
      secret: 'a throw-away secret',
    })
    expect(await world.merchants.open('nobody', exampleNow)).toBeUndefined()
  })

  it('is refused in live mode while it uses a test key that everybody knows', async () => {
    await world.apply(exampleYaml, { files: { ...exampleFiles, 'keys/bank.pem': fixtureKey } })
    const live = await world.node({ allowFixtures: false })
    await expect(live.open('liepkalni-link', exampleNow)).rejects.toThrow(AgreementUnusable)
    await expect(live.open('liepkalni-link', exampleNow)).rejects.toThrow(
      'agreement liepkalni-link: the key "bank" is a test key that everybody knows, refused in live mode',
    )
    expect(await live.findings()).toEqual([
      { severity: 'fault', about: 'agreement liepkalni-link', message: expect.stringContaining('is a test key') },
      { severity: 'fault', about: 'e-service property-tax', message: expect.stringContaining('is for test mode') },
    ])
    expect(await world.merchants.findings()).toEqual([])
  })

  it('does not open under another master key, nor with another agreement’s sealed key', async () => {
    await world.apply(exampleYaml)
    const other = await world.node({ masterKeys: masterKeys(SECOND_KEY) })
    await expect(other.open('liepkalni-link', exampleNow)).rejects.toThrow('does not open')
    const swap = statement(
      'test.swap_sealed',
      `update merchants.agreement_key set agreement = 'liepkalni-gateway', name = 'api', kind = 'secret'
       where agreement = 'liepkalni-link' and name = 'merchant'`,
    )
    await world.db.query(swap)
    world.time.elapsedMs += 1000
    const fresh = await world.node()
    await expect(fresh.open('liepkalni-gateway', exampleNow)).rejects.toThrow('does not open')
  })

  it('keeps its keys while the master key is changed', async () => {
    await world.apply(exampleYaml)
    await world.apply(exampleYaml.replace(/\n.*next-bank.*/, ''))
    const both = await world.node({ masterKeys: masterKeys(`2:${SECOND_KEY},1:${FIRST_KEY}`) })
    expect(await both.rotateMasterKey(), 'the public key that was taken out as well').toBe(4)
    expect(await both.rotateMasterKey()).toBe(0)
    const onlyNew = await world.node({ masterKeys: masterKeys(`2:${SECOND_KEY}`) })
    expect(await (await onlyNew.open('liepkalni-gateway', exampleNow))?.credentials('api')).toEqual({
      secret: 'a throw-away secret',
    })
  })

  it('destroys a private key that was taken out and keeps a public one', async () => {
    await world.apply(exampleYaml)
    await world.apply(
      exampleYaml.replace(/\n.*next-bank.*/, '').replace('{ file: keys/ours.pem }', '{ file: keys/new.pem }'),
      { files: { ...exampleFiles, 'keys/new.pem': nextBank.privatePem } },
    )
    const rows = await world.db.query(
      statement<{ name: string; kept: boolean }>(
        'test.taken_out',
        'select name, sealed is not null as kept from merchants.agreement_key where taken_out_at is not null order by name',
      ),
    )
    expect(rows).toEqual([
      { name: 'bank', kept: true },
      { name: 'merchant', kept: false },
    ])
  })
})

describe('API keys', () => {
  const created = async (scopes: readonly string[] = []) => {
    const result = await world.merchants.createApiKey({
      eService: 'property-tax',
      name: 'shop',
      scopes,
      now: exampleNow,
    })
    if (!result.ok) throw new Error(result.error)
    return result.value
  }
  beforeEach(async () => {
    await world.apply(exampleYaml)
  })

  it('say who calls, at once and with their scopes', async () => {
    const { id, key } = await created(['payer:read'])
    expect(key).toMatch(/^sk_test_[0-9a-z]{52}$/)
    const caller = await world.merchants.caller(key)
    expect(caller).toMatchObject({ keyId: id, scopes: ['payer:read'], mode: 'test', eService: { id: 'property-tax' } })
    const [row] = await world.db.query(
      statement<{ all: string }>('test.key_row', 'select k::text as all from merchants.api_key k'),
    )
    expect(row?.all).not.toContain(key.slice(8, 30))
  })

  it('that are none say nothing', async () => {
    await created()
    const none = [
      '',
      'sk_test_',
      `sk_test_${'0'.repeat(52)}`,
      `sk_live_${'0'.repeat(52)}`,
      'Bearer x',
      'sk_test_\u0000',
    ]
    for (const key of none) expect(await world.merchants.caller(key), key).toBeUndefined()
  })

  it('end when they are revoked or their e-service retires', async () => {
    const [first, second] = [await created(), await created()]
    expect(await world.merchants.revokeApiKey(first.id)).toBe(true)
    expect(await world.merchants.revokeApiKey(first.id)).toBe(false)
    expect(await world.merchants.caller(first.key)).toBeUndefined()
    expect(await world.merchants.caller(second.key)).toBeDefined()
    expect((await world.merchants.apiKeys('property-tax')).map(({ id }) => id)).toEqual([second.id])
    await world.apply(exampleYaml.replace(/ {4}eServices[\s\S]*/, ''), { prune: true })
    expect(await world.merchants.caller(second.key)).toBeUndefined()
  })

  it('are taken by no other node longer than a second after they were revoked', async () => {
    const { db } = world
    const deaf = await world.node({ db: { ...db, query: db.query, listen: async () => async () => {} } })
    const { id, key } = await created()
    world.time.elapsedMs += 1000
    expect(await deaf.caller(key)).toBeDefined()
    await world.merchants.revokeApiKey(id)
    world.time.elapsedMs += 999
    expect(await deaf.caller(key)).toBeDefined()
    world.time.elapsedMs += 1
    expect(await deaf.caller(key)).toBeUndefined()
  })

  it('note their last use once a minute', async () => {
    const { key } = await created()
    const lastUse = async () => (await world.merchants.apiKeys('property-tax'))[0]?.lastUsedAt
    const begin = exampleNow
    await world.merchants.caller(key)
    await expect.poll(lastUse).toBe(begin)
    world.time.now += MINUTE_MS - 1
    await world.merchants.caller(key)
    world.time.now += 1
    await world.merchants.caller(key)
    await expect.poll(lastUse).toBe(begin + MINUTE_MS)
  })

  it('are not made for an unknown e-service or with an unknown scope', async () => {
    const refused = async (eService: string, scopes: readonly string[]) => {
      const result = await world.merchants.createApiKey({ eService, name: 'x', scopes, now: exampleNow })
      return result.ok ? '' : result.error
    }
    expect(await refused('nobody', [])).toContain('there is no e-service "nobody"')
    expect(await refused('property-tax', ['all'])).toBe('there is no scope "all": there is payer:read')
  })
})

describe('the picture', () => {
  it('is asked for once a second however many ask, and made anew only when something changed', async () => {
    let queries = 0
    const { db } = world
    const counting = await world.node({
      db: {
        ...db,
        query: (sql, values) => {
          queries += 1
          return db.query(sql, values)
        },
        listen: async () => async () => {},
      },
    })
    const pictures = await Promise.all(Array.from({ length: 50 }, () => counting.directory()))
    expect(new Set(pictures).size).toBe(1)
    const first = queries
    world.time.elapsedMs += 999
    await counting.directory()
    expect(queries).toBe(first)
    world.time.elapsedMs += 1
    expect(await counting.directory()).toBe(pictures[0])
    expect(queries).toBe(first + 1)
    await world.apply(exampleYaml)
    world.time.elapsedMs += 1000
    expect((await counting.directory()).merchants.size).toBe(1)
  })

  it('of another node follows a NOTIFY without waiting', async () => {
    const other = await world.node()
    await other.directory()
    await world.apply(exampleYaml)
    await expect.poll(async () => (await other.directory()).merchants.size).toBe(1)
  })

  it('shows an announced pause, which a later apply does not take back', async () => {
    await world.apply(exampleYaml)
    const pause = {
      from: exampleNow,
      to: exampleNow + MINUTE_MS,
      text: { lv: 'Banka veic apkopi', en: 'The bank is being serviced' },
    }
    expect(await world.merchants.announcePause('liepkalni-link', pause)).toBe(true)
    expect(await world.merchants.announcePause('nobody', pause)).toBe(false)
    expect((await world.apply(exampleYaml)).changes).toEqual([])
    expect((await world.merchants.directory()).agreements.get('liepkalni-link')?.pause).toEqual(pause)
    await world.merchants.announcePause('liepkalni-link', undefined)
    expect((await world.merchants.directory()).agreements.get('liepkalni-link')?.pause).toBeUndefined()
  })
})
