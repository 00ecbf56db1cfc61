import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ebizness, ebiznessJson, fileOf } from './support/command.ts'
import { receipt, receiptFile, receiptKeys, signed } from './support/receipts.ts'
import { openTempFolder } from './support/test-server.ts'

/** Whoever is shown a receipt, with saved keys or the hub's address. */

let folder: string
let hub: Server
let root: string
beforeAll(async () => {
  folder = openTempFolder('ebizness-receipt-')
  hub = createServer((request, response) => {
    const found = request.url === '/.well-known/jwks.json'
    response.writeHead(found ? 200 : 404).end(found ? JSON.stringify(receiptKeys) : '')
  })
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve))
  const address = hub.address()
  root = `http://localhost:${typeof address === 'object' ? address?.port : 0}`
  // Builds it, once for the whole run.
  await ebizness({ folder }, '--version')
}, 180_000)
afterAll(() => {
  hub.close()
  rmSync(folder, { recursive: true, force: true })
})

const file = (content: unknown): string => fileOf(folder, content)
const verify = (text: string, keys: string) => ebizness({ folder }, `receipt verify ${file(text)} --jwks ${keys}`)

describe('receipt verify', () => {
  it('says what a genuine one says, offline, and ends with 0', async () => {
    const keys = file(receiptKeys)
    const [words, json] = await Promise.all([
      verify(receiptFile(), keys),
      ebiznessJson({ folder }, `receipt verify ${file(receiptFile())} --jwks ${keys}`),
    ])
    expect(words.code).toBe(0)
    expect(words.out).toMatch(/^genuine, signed by https:\/\/pay\.example on 2026/)
    expect(words.out).toContain('123.45 EUR, reference NIN-2026-1')
    expect(json).toEqual({ code: 0, value: { genuine: true, receipt } })
  })

  it('says what does not hold, and ends with 1', async () => {
    const keys = file(receiptKeys)
    const [altered, strange, json] = await Promise.all([
      verify(receiptFile({ ...receipt, amount: 1 }), keys),
      verify(receiptFile(), file({ keys: [] })),
      ebiznessJson({ folder }, `receipt verify ${file(signed(receipt, { typ: 'JWT' }))} --jwks ${keys}`),
    ])
    expect([altered.code, altered.out]).toEqual([1, expect.stringMatching(/^not genuine – altered: what is signed/)])
    expect([strange.code, strange.out]).toEqual([1, expect.stringMatching(/^not genuine – unknown_key: /)])
    expect(json).toMatchObject({ code: 1, value: { genuine: false, reason: 'not_a_receipt' } })
  })

  it('takes a hub’s keys for that hub’s receipts only', async () => {
    const own = signed({ ...receipt, iss: root })
    const address = `${root}/.well-known/jwks.json`
    const env = { EBIZNESS_PUBLIC_URL: root }
    const [good, foreign, usual] = await Promise.all([
      verify(own, address),
      verify(receiptFile(), address),
      ebizness({ folder, env }, `receipt verify ${file(own)}`),
    ])
    expect([good.code, foreign.code, usual.code]).toEqual([0, 1, 0])
    expect(foreign.out).toContain('other_hub')
  })

  it('ends with 2 where there is no receipt or no keys, and with 3 where the hub does not answer', async () => {
    const ends = await Promise.all([
      verify('{"receipt": {}}', file(receiptKeys)),
      verify(receiptFile(), file({ nothing: true })),
      verify(receiptFile(), 'nowhere.json'),
      verify(receiptFile(), `${root}/nothing`),
      verify(receiptFile(), 'http://127.0.0.1:1/.well-known/jwks.json'),
    ])
    expect(ends.map(({ code }) => code)).toEqual([2, 2, 2, 3, 3])
  })
})
