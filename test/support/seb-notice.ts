import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { demoFolder } from '../../src/sandbox/index.ts'
import type { TestHub } from './hub.ts'

/** Messages of SEB made by hand, genuine or not. */

const ACCEPTED =
  'SND_ID SERVICE VERSION PAYMENT_ID AMOUNT CURR REC_ID REC_ACC REC_NAME PAYER_ACC PAYER_NAME PAYMENT_DESC PAYMENT_DATE PAYMENT_TIME'
const FINAL = 'SND_ID SERVICE VERSION REC_ID PAYMENT_ID PAYMENT_DESC FROM_SERVER STATUS'

const GENUINE = {
  SND_ID: 'SEBUB',
  VERSION: '002',
  AMOUNT: '123.45',
  CURR: 'EUR',
  REC_ID: 'LIEPKALNI',
  REC_ACC: 'LV50UNLA0000000000002',
  REC_NAME: 'Liepkalnu novada pašvaldība',
  PAYER_ACC: 'LV21PARX0000000000003',
  PAYER_NAME: 'ILZE PARAUDZIŅA-ĶĒNIŅA',
  PAYMENT_DESC: 'NIN',
  PAYMENT_DATE: '23.11.2026',
  PAYMENT_TIME: '09:15:00',
  FROM_SERVER: 'Y',
  STATUS: 'ACCOMPLISHED',
}
type Claim = Partial<typeof GENUINE> & { readonly SERVICE: '0003' | '0004'; readonly PAYMENT_ID: string }

/** The bank's own key, or a stranger's. Throw-away fixtures. */
const keyOf = (name: 'seb' | 'stranger') => createPrivateKey(readFileSync(join(demoFolder, 'keys', `${name}.pem`)))

/** The form that says so, rightly signed by whoever signs. Names without `IB_`. */
export const sebForm = (claim: Claim, key: Parameters<typeof keyOf>[0] = 'seb'): URLSearchParams => {
  const values: Readonly<Record<string, string>> = { ...GENUINE, ...claim }
  const names = (claim.SERVICE === '0003' ? ACCEPTED : FINAL).split(' ')
  const text = names.map((name) => String([...(values[name] ?? '')].length).padStart(3, '0') + values[name]).join('')
  const crc = sign(values.VERSION === '001' ? 'sha1' : 'sha512', Buffer.from(text), keyOf(key)).toString('base64')
  const travelling = claim.SERVICE === '0003' ? [...names, 'FROM_SERVER'] : names
  const fields = travelling.map((name): [string, string] => [`IB_${name}`, values[name] ?? ''])
  return new URLSearchParams([...fields, ['IB_CRC', crc], ['IB_LANG', 'LAT']])
}

/** Sends it to the address that the bank was given; answered as the bank sees it, redirects not followed. */
export const sendSebForm = (hub: TestHub, attempt: string, form: URLSearchParams): Promise<Response> =>
  fetch(`${hub.root}/psp/seb-lv/liepkalni-seb/${attempt}/back`, { method: 'POST', body: form, redirect: 'manual' })
