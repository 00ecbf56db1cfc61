import { describe, expect, test } from 'vitest'
import {
  type Bill,
  isPaid,
  newBills,
  noticed,
  openPayment,
  ordered,
  returned,
  shownPayment,
  type Told,
} from './bills.ts'

const told = (status: string, id = 'pay_1'): Told => ({
  id,
  reference: 'NIN-X-1',
  status,
  final: ['executed', 'refused', 'cancelled', 'expired'].includes(status),
  attention: [],
  refundedAmount: 0,
})

const bill = newBills('X').map((one) => ordered(one, told('open'), 'https://hub.example/pay/1', 1))[0] ?? never()

function never(): Bill {
  throw new Error('there is always a bill')
}

describe('what the e-service knows of a bill', () => {
  test('an order alone pays nothing', () => {
    expect(isPaid(bill)).toBe(false)
    expect(openPayment(bill)?.payUrl).toBe('https://hub.example/pay/1')
  })

  test('a browser that says executed pays nothing either', () => {
    const back = returned(bill, 'pay_1', 'executed', 2)
    expect(isPaid(back)).toBe(false)
    expect(shownPayment(back)?.heard.at(-1)).toEqual({ from: 'returned', status: 'executed', at: 2 })
    expect(returned(back, 'pay_1', 'executed', 3)).toEqual(back)
  })

  test('a notice does', () => {
    const paid = noticed(bill, told('executed'), 2, 3)
    expect(isPaid(paid)).toBe(true)
    expect(shownPayment(paid)?.heard.at(-1)).toEqual({ from: 'notice', status: 'executed', sequence: 2, at: 3 })
  })

  test.each([
    ['repeated', 2],
    ['older', 1],
  ])('a notice that is %s changes nothing', (_, sequence) => {
    const paid = noticed(bill, told('executed'), 2, 3)
    expect(noticed(paid, told('started'), sequence, 4)).toEqual(paid)
  })

  test('a notice about somebody else’s payment changes nothing', () => {
    expect(noticed(bill, told('executed', 'pay_9'), 1, 3)).toEqual(bill)
  })

  test('a payment that was given up and is paid late still pays the bill', () => {
    const cancelled = noticed(bill, told('cancelled'), 1, 3)
    expect(openPayment(cancelled)).toBeUndefined()
    const again = ordered(cancelled, told('open', 'pay_2'), 'https://hub.example/pay/2', 4)
    const late = noticed(again, told('executed'), 2, 5)
    expect(isPaid(late)).toBe(true)
    expect(shownPayment(late)?.id).toBe('pay_1')
  })

  test('each run has references of its own, fit for the hub', () => {
    const references = [...newBills('ABC'), ...newBills('ABD')].map((one) => one.reference)
    expect(new Set(references).size).toBe(6)
    for (const reference of references) expect(reference).toMatch(/^[A-Za-z0-9/._-]{1,35}$/)
  })
})
