import { readFileSync } from 'node:fs'
import { parseInstant } from '../../kernel/time.ts'
import { conformance, throwAwayKeys } from '../conformance/kit.ts'
import { sebLvChannel } from './channel.ts'
import { sebLv } from './index.ts'
import { sebLvSimulator } from './simulator.ts'

type Keys = Readonly<Record<'hub_merchant' | 'bank', { readonly private_pem: string; readonly public_pem: string }>>
const vectors: { readonly keys: Keys } = JSON.parse(
  readFileSync(new URL('./vectors/seb_lv_elink.json', import.meta.url), 'utf8'),
)
const { hub_merchant: merchant, bank } = vectors.keys
const next = throwAwayKeys('rsa')
const stranger = throwAwayKeys('rsa')

const paid = ['psp accepted', 'payer accepted', 'psp paid']
const untrusted = (rule: string) => [`psp untrusted ${rule}`, `payer untrusted ${rule}`, `psp untrusted ${rule}`]

conformance({
  listed: sebLv,
  channel: sebLvChannel,
  simulator: sebLvSimulator,
  folder: new URL('.', import.meta.url),
  settings: { senderId: 'LIEPKALNI', url: 'https://bank.example/seb-lv' },
  keys: {
    merchant: { privateKey: merchant.private_pem },
    bank: [{ publicKey: bank.public_pem }, { publicKey: next.publicKey }],
  },
  strangersKeys: { merchant: { privateKey: stranger.privateKey }, bank: [{ publicKey: stranger.publicKey }] },
  bank: { keys: [bank.private_pem, next.privateKey], stranger: stranger.privateKey, merchant: merchant.public_pem },
  root: 'https://bank.example/seb-lv',
  now: parseInstant('2026-11-23T07:15:00Z') ?? 0,
  heard: {
    pay: paid,
    pay_back_by_get: paid,
    cancel: ['psp refused declined', 'payer refused declined'],
    close_window: [],
    return_lost: ['psp accepted', 'psp paid'],
    notice_lost: ['payer accepted'],
    both_lost: [],
    notice_late: paid,
    notice_twice: ['psp accepted', 'psp accepted', 'payer accepted', 'psp paid', 'psp paid'],
    reordered: ['psp paid', 'psp accepted'],
    accepted_lost: ['psp paid', 'payer accepted'],
    cancelled_later: ['psp accepted', 'payer accepted', 'psp refused declined'],
    next_key: paid,
    older_version: paid,
    wrong_amount: paid,
    wrong_currency: paid,
    bad_signature: untrusted('signature'),
    strangers_key: untrusted('signature'),
    other_merchant: untrusted('receiver'),
    replay: paid,
  },
})
