import { expect, test } from 'vitest'
import { openWorld, payee, ROOT } from '../../../test/support/sandbox-stage.ts'

const FOREIGN = 'LV50UNLA0000000000002'

/** The status of the bank's answer to an order, by the key's merchant and what the order says. */
const ordering = async (key: string, merchant: string, account: string) => {
  const world = openWorld()
  const order = {
    merchant,
    number: '1',
    amount: 100,
    currency: 'EUR',
    account,
    reference: 'A',
    text: 'A',
    language: 'lv',
  }
  const more = { payableForMinutes: 15, backUrl: 'https://hub.example/back', noticeUrl: 'https://hub.example/notice' }
  const body = new TextEncoder().encode(JSON.stringify({ ...order, ...more }))
  const { answer } = await world.request('POST', `${ROOT}/payments`, body, key)
  return answer.kind === 'answer' ? answer.status : answer.kind
}

test.each([
  ['a merchant of its own to its account', 'LIEPKALNI', 'LIEPKALNI', payee.iban, 201],
  ['a merchant of its own to another account', 'LIEPKALNI', 'LIEPKALNI', FOREIGN, 422],
  ['a merchant it has not met before', 'MYTOWN', 'MYTOWN', FOREIGN, 201],
  ['a merchant in the name of another', 'MYTOWN', 'LIEPKALNI', payee.iban, 422],
  ['a name that is none', 'my town', 'MYTOWN', FOREIGN, 401],
])('the bogus bank answers an order of %s', async (_, key, merchant, account, status) => {
  expect(await ordering(key, merchant, account)).toBe(status)
})
