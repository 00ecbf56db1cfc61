import { describe, expect, test } from 'vitest'
import { begun, idOf, must, openWorld, payee, readNotice, START, word } from '../../../test/support/sandbox-stage.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import { sandboxSimulator as simulator } from './simulator.ts'

/** Choice; what the notices say in order; what the answer to a question says at once and after three hours; where the payer goes. */
const CHOICES: readonly (readonly [string, readonly string[], string, string, 'back' | 'stays'])[] = [
  ['pay', ['paid'], 'paid', 'paid', 'back'],
  ['processing', ['accepted', 'paid'], 'accepted', 'paid', 'back'],
  ['decline', ['declined'], 'declined', 'declined', 'back'],
  ['cancel', ['cancelled_by_payer'], 'cancelled_by_payer', 'cancelled_by_payer', 'back'],
  ['close_window', [], 'waiting', 'expired_at_psp', 'stays'],
  ['return_lost', ['paid'], 'paid', 'paid', 'stays'],
  ['notice_lost', [], 'paid', 'paid', 'back'],
  ['both_lost', [], 'paid', 'paid', 'stays'],
  ['notice_late', ['paid'], 'paid', 'paid', 'back'],
  ['notice_twice', ['paid', 'paid'], 'paid', 'paid', 'back'],
  ['declined_then_paid', ['declined', 'paid'], 'declined', 'paid', 'back'],
  ['paid_hours_later', ['paid'], 'waiting', 'paid', 'stays'],
  ['refunded', ['paid', 'paid refunded'], 'paid', 'paid refunded', 'back'],
  ['reversed', ['paid', 'paid reversed'], 'paid', 'paid reversed', 'back'],
  ['wrong_amount', ['paid'], 'paid', 'paid', 'back'],
  ['wrong_currency', ['paid'], 'paid', 'paid', 'back'],
  ['wrong_account', ['paid'], 'paid', 'paid', 'back'],
  ['bad_signature', ['signature'], 'waiting', 'expired_at_psp', 'back'],
  ['strangers_key', ['signature'], 'waiting', 'expired_at_psp', 'back'],
  ['other_merchant', ['receiver'], 'waiting', 'expired_at_psp', 'back'],
  ['replay', ['paid'], 'waiting', 'expired_at_psp', 'back'],
  ['false_return', [], 'waiting', 'expired_at_psp', 'back'],
]

describe('what the tester decides', () => {
  test('every choice is in the table below', () => {
    expect(simulator.choices.map((choice) => choice.id)).toEqual(CHOICES.map(([id]) => id))
  })

  test.each(CHOICES)('%s: notices say %j', async (choice, notices, asked, later, payer) => {
    const world = openWorld()
    const other = await begun(world, 700, '1000')
    await world.choose(idOf(other), 'pay')
    const made = await begun(world)
    const { send, answer } = await world.choose(idOf(made), choice)
    const heard = await Promise.all(send.map(readNotice))
    expect(heard.map(({ readings }) => readings.map(word).join(' '))).toEqual(notices)
    expect(heard.every(({ carrier }) => carrier === 'psp')).toBe(true)
    expect(answer.kind === 'carry' ? 'back' : 'stays').toBe(payer)
    expect((await world.enquire(made)).map(word).join(' ')).toBe(asked)
    world.pass(180 * MINUTE_MS)
    expect((await world.enquire(made)).map(word).join(' ')).toBe(later)
  })

  test('a genuine notice states all that is compared with the order', async () => {
    const world = openWorld()
    const made = await begun(world)
    const { send } = await world.choose(idOf(made), 'pay')
    const { readings } = await readNotice(must(send[0]))
    expect(readings).toEqual([
      {
        about: { number: '1001' },
        says: 'paid',
        states: {
          amount: { amountMinor: 12_345, currency: 'EUR' },
          payee: payee.iban,
          echo: { reference: 'NIN-2026-1001' },
          reference: 'SB000001',
          at: START,
        },
        payer: { name: 'Anna Paraudziņa', account: 'LV18SAND0000000000001' },
      },
    ])
  })

  test.each([
    ['wrong_amount', { amount: { amountMinor: 12_344, currency: 'EUR' } }],
    ['wrong_currency', { amount: { amountMinor: 12_345, currency: 'SEK' } }],
    ['wrong_account', { payee: 'LV88SAND0000000000002' }],
  ])('%s: the notice states what was really taken, and the books do not call it paid', async (choice, states) => {
    const world = openWorld()
    const made = await begun(world)
    const { send } = await world.choose(idOf(made), choice)
    expect((await readNotice(must(send[0]))).readings).toMatchObject([{ says: 'paid', states }])
    expect(world.orders()).toMatchObject([{ paid: false }])
  })

  test('a replayed notice is about the other payment', async () => {
    const world = openWorld()
    await world.choose(idOf(await begun(world, 700, '1000')), 'pay')
    const made = await begun(world)
    const { send } = await world.choose(idOf(made), 'replay')
    expect((await readNotice(must(send[0]))).readings).toMatchObject([{ about: { number: '1000' } }])
  })

  test('the first decision stands', async () => {
    const world = openWorld()
    const made = await begun(world)
    await world.choose(idOf(made), 'decline')
    expect((await world.choose(idOf(made), 'pay')).send).toEqual([])
    expect(world.orders()).toMatchObject([{ paid: false }])
  })

  test('an order past its time cannot be paid any more', async () => {
    const world = openWorld()
    const made = await begun(world)
    world.pass(15 * MINUTE_MS)
    expect((await world.choose(idOf(made), 'pay')).answer).toMatchObject({ kind: 'sentence', status: 410 })
  })

  test.each([
    [80, 'paid'],
    [81, 'declined'],
    [82, 'cancelled_by_payer'],
    [83, 'accepted'],
    [84, 'waiting'],
    [85, 'waiting'],
  ])('an amount that ends in %i is decided without a tester: %s', async (ending, asked) => {
    const world = openWorld()
    const made = await begun(world, 10_000 + ending)
    const { answer } = await world.visit(idOf(made))
    expect(answer.kind).toBe(ending === 85 ? 'page' : ending === 84 ? 'sentence' : 'carry')
    expect((await world.enquire(made)).map(word)).toEqual([asked])
  })
})
