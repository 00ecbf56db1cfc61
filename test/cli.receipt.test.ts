import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ebizness, ebiznessJson, fileOf } from './support/command.ts'
import { startTestHub } from './support/hub.ts'
import { readPdf } from './support/pdf.ts'
import { builtTree } from './support/program.ts'
import { receipt, receiptFile, receiptKeys, signed } from './support/receipts.ts'
import { ordered, paidThrough } from './support/story.ts'
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

describe('the page that explains receipts', () => {
  it('shows a program that says whether one is genuine, and tells every reason why not', async () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/integrating/receipts.md'), 'utf8')
    const program = /```js verify\.mjs\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
    const own = openTempFolder('ebizness-receipt-page-')
    const write = (name: string, text: string) => writeFileSync(join(own, name), text)
    mkdirSync(join(own, 'node_modules'))
    symlinkSync(await builtTree(), join(own, 'node_modules/ebizness'))
    write('verify.mjs', program)
    write('jwks.json', JSON.stringify(receiptKeys))
    const said = (text: string) => {
      write('receipt.json', text)
      return execFileSync(process.execPath, ['verify.mjs'], { cwd: own, encoding: 'utf8' }).trim()
    }
    expect(said(receiptFile())).toBe('NIN-2026-1: 12345')
    expect(said(receiptFile({ ...receipt, amount: 1 }))).toBe('not genuine: altered')
    const explained = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)
    const source = readFileSync(join(import.meta.dirname, '../src/sdk/verify-receipt.ts'), 'utf8')
    const faults = source.slice(
      source.indexOf('export type ReceiptFault'),
      source.indexOf('export type VerifiedReceipt'),
    )
    expect(explained.toSorted()).toEqual([...faults.matchAll(/'(\w+)'/g)].map(([, reason]) => reason).toSorted())
    rmSync(own, { recursive: true })
  })
})

describe('receipt make', { timeout: 120_000 }, () => {
  it('makes the receipt of what was paid, as file and as PDF, which verifies; and says where there is none', async () => {
    const paying = await startTestHub()
    const { order } = await paidThrough(paying, 'swedbank-lv', 'pay')
    const open = await ordered(paying)
    const own = openTempFolder('ebizness-receipt-made-')
    const place = {
      folder: own,
      env: {
        DATABASE_URL: paying.database.url,
        EBIZNESS_DATA_DIR: join(own, 'data'),
        EBIZNESS_PUBLIC_URL: paying.root,
      },
    }
    const make = (rest: string) => ebizness(place, `receipt make ${rest}`)
    const [printed, pdf, json, ...none] = await Promise.all([
      make(order.id),
      make(`${order.id} --to receipt.pdf --language en`),
      make(`${order.id} --to receipt.json`),
      make(open.id),
      make(`pay_${'0'.repeat(26)}`),
      make(`${order.id} --to receipt.doc`),
    ])
    expect([printed.code, pdf.code, json.code]).toEqual([0, 0, 0])
    expect(none.map(({ code }) => code)).toEqual([1, 1, 2])
    expect(JSON.parse(printed.out)).toMatchObject({ receipt: { payment: order.id, amount: 12_345 } })
    expect((await readPdf(readFileSync(join(own, 'receipt.pdf')))).language).toBe('en')
    const [verified, again] = await Promise.all([
      ebizness(place, 'receipt verify receipt.json'),
      make(`${order.id} --to receipt.pdf`),
    ])
    expect([verified.code, again.code]).toEqual([0, 2])
    await paying.stop()
    rmSync(own, { recursive: true, force: true })
  })
})
