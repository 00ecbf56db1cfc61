import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ebizness, ebiznessJson, type Place } from './support/command.ts'
import { startTestHub, type TestHub } from './support/hub.ts'
import { type Ordered, ordered, paidThrough, truth } from './support/story.ts'
import { openTempFolder } from './support/test-server.ts'

/** What support staff ask a running hub about a payment that was made. */

const SLOW_MS = 120_000

let hub: TestHub
let order: Ordered
let place: Place
beforeAll(async () => {
  hub = await startTestHub()
  order = (await paidThrough(hub, 'sandbox', 'pay', { payer: { name: 'Anna Paraudziņa' } })).order
  const folder = openTempFolder('ebizness-payments-')
  place = { folder, env: { DATABASE_URL: hub.database.url, EBIZNESS_DATA_DIR: folder } }
  await ebizness(place, '--version')
}, 180_000)
afterAll(async () => {
  await hub.stop()
  rmSync(place.folder, { recursive: true, force: true })
})

describe('payments show', { timeout: SLOW_MS }, () => {
  it('tells what happened to a payment and why it is so, without the payer’s personal data', async () => {
    const [shown, words, none] = await Promise.all([
      ebiznessJson(place, `payments show ${order.id}`),
      ebizness(place, `payments show ${order.id}`),
      ebizness(place, `payments show pay_${'0'.repeat(26)}`),
    ])
    expect(shown).toMatchObject({
      code: 0,
      value: {
        payment: { id: order.id, merchant: 'liepkalni', eService: 'property-tax', status: 'executed' },
        explanation: expect.stringContaining('It is paid at sandbox by attempt'),
        facts: expect.arrayContaining([expect.objectContaining({ fact: 'begun' })]),
        messages: expect.arrayContaining([expect.objectContaining({ purpose: 'notice', verdict: 'trusted' })]),
        events: [
          { type: 'payment.started', deliveries: [{ status: 200, url: `${hub.shopRoot}/notices` }] },
          { type: 'payment.executed', deliveries: [{ status: 200 }] },
        ],
      },
    })
    expect(words.code).toBe(0)
    for (const line of [
      /^ {2}amount +123\.45 EUR, 123\.45 EUR paid$/m,
      /^ {2}status +executed$/m,
      /^123\.45 EUR was ordered at .* It is$|It is paid at sandbox/m,
      /^ {2}\S{10} \S{9} {2}begun +#\d+ at sandbox/m,
      /in notice trusted\b.* msg_\w+\n +paid 123\.45 EUR$/m,
      /^ {2}evt_\w+ {2}2 {2}payment\.executed\n {4}\S+ \S+Z answered 200 in \d+ ms: http\S+\/notices$/m,
    ])
      expect(words.out).toMatch(line)
    expect(words.out.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(words.out + JSON.stringify(shown)).not.toMatch(/Paraudziņa|LV18SAND/)
    expect([none.code, none.out, none.said]).toEqual([1, '', expect.stringContaining('there is no payment')])
  })

  it('names the payer with --personal', async () => {
    const [shown, words] = await Promise.all([
      ebiznessJson(place, `payments show ${order.id} --personal`),
      ebizness(place, `payments show ${order.id} --personal`),
    ])
    expect(shown).toMatchObject({
      value: { persons: { ordered: { name: 'Anna Paraudziņa' }, atPsp: [{ number: expect.any(String) }] } },
    })
    expect(words.out).toMatch(/\nPERSONS\n {2}the e-service: name Anna Paraudziņa\n {2}the bank of #\d+: /)
  })
})

describe('payments find', { timeout: SLOW_MS }, () => {
  it('finds a payment by whatever a payer or a bank reads out, and only that one', async () => {
    const { attempts } = await truth(hub, order.id)
    const [{ id: attempt, number } = { id: '', number: '' }] = attempts
    const events = await hub.composed.notices.ofSubject('property-tax', order.id)
    await ordered(hub)
    const names = [order.id, order.reference, attempt, number, events[0]?.id ?? '']
    for (const { code, value } of await Promise.all(names.map((name) => ebiznessJson(place, `payments find ${name}`))))
      expect({ code, value }).toMatchObject({ code: 0, value: { payments: [{ id: order.id }], more: false } })
    const [words, none] = await Promise.all([
      ebizness(place, `payments find ${order.reference}`),
      ebizness(place, 'payments find nothing'),
    ])
    expect(words.out).toMatch(
      new RegExp(`\\n${order.id}  executed  123\\.45 EUR  ${order.reference} +property-tax\\n$`),
    )
    expect([none.code, none.out, none.said]).toEqual([1, '', 'no payment goes by "nothing"\n'])
  })
})

describe('payments export', { timeout: SLOW_MS }, () => {
  it('writes rows that a spreadsheet reads, and persons only when asked', async () => {
    const [csv, personal, lines, wrong] = await Promise.all([
      ebizness(place, 'payments export --status executed'),
      ebizness(place, 'payments export --personal --merchant liepkalni --e-service property-tax --from 2020-01-01'),
      ebizness(place, 'payments export --json --to 2026-01-01'),
      ebizness(place, 'payments export --from yesterday'),
    ])
    const [head, row, end] = csv.out.split('\r\n')
    expect([csv.code, head?.split(',').slice(0, 5), row?.split(',')[0], end]).toEqual([
      0,
      ['id', 'mode', 'merchant', 'eService', 'reference'],
      order.id,
      '',
    ])
    expect(csv.out).not.toContain('Paraudziņa')
    expect(csv.said).toContain('1 payment(s).')
    expect(personal.out).toContain(',Anna Paraudziņa,')
    expect([lines.code, lines.out]).toEqual([0, ''])
    expect([wrong.code, wrong.out]).toEqual([2, ''])
    expect(wrong.said).toMatch(/--from yesterday: must be a day/)
  })
})

describe('notices replay', { timeout: SLOW_MS }, () => {
  it('counts first, and sends once more with --yes', async () => {
    const replay = (rest: string) => ebizness(place, `notices replay ${rest}`)
    const [dry, sent, nobody, both, event] = await Promise.all([
      replay(`--payment ${order.id}`),
      ebiznessJson(place, 'notices replay --e-service property-tax --from 2020-01-01 --yes'),
      replay('--e-service nobody'),
      replay(`--payment ${order.id} --e-service property-tax`),
      replay(`--event evt_${'0'.repeat(26)} --yes`),
    ])
    expect([dry.code, dry.out]).toEqual([0, '2 notice(s) to 1 address(es) of property-tax would go out again.\n'])
    expect(dry.said).toContain('repeat with --yes')
    expect(sent).toEqual({ code: 0, value: { eService: 'property-tax', events: 2, addresses: 1, done: true } })
    expect([nobody.code, both.code, event.code]).toEqual([2, 2, 1])
    const before = hub.notices.map(({ headers }) => headers['webhook-id'])
    await hub.composed.drain()
    const ids = hub.notices.map(({ headers }) => headers['webhook-id'])
    expect([before.length, ids]).toEqual([2, [...before, ...before]])
  })
})
