import { parseInstant } from '../../kernel/time.ts'
import { conformance, throwAwayKeys } from '../conformance/kit.ts'
import { sandboxChannel } from './channel.ts'
import { sandbox } from './index.ts'
import { sandboxSimulator } from './simulator.ts'

const bank = throwAwayKeys('ed25519')
const stranger = throwAwayKeys('ed25519')
const api = 'sandbox_LIEPKALNI_0123456789abcdef'

const paid = ['psp paid', 'payer ask']

conformance({
  listed: sandbox,
  channel: sandboxChannel,
  simulator: sandboxSimulator,
  folder: new URL('.', import.meta.url),
  settings: { merchantId: 'LIEPKALNI', url: 'https://bank.example/sandbox' },
  keys: { api, bank: [{ publicKey: bank.publicKey }] },
  strangersKeys: { api, bank: [{ publicKey: stranger.publicKey }] },
  bank: { keys: [bank.privateKey], stranger: stranger.privateKey },
  root: 'https://bank.example/sandbox',
  now: parseInstant('2026-11-23T07:15:00Z') ?? 0,
  heard: {
    pay: paid,
    processing: ['psp accepted', 'payer ask', 'psp paid'],
    decline: ['psp refused declined', 'payer ask'],
    cancel: ['psp refused cancelled_by_payer', 'payer ask'],
    close_window: [],
    return_lost: ['psp paid'],
    notice_lost: ['payer ask'],
    both_lost: [],
    notice_late: ['payer ask', 'psp paid'],
    notice_twice: ['psp paid', 'payer ask', 'psp paid'],
    declined_then_paid: ['psp refused declined', 'payer ask', 'psp paid'],
    paid_hours_later: ['psp paid'],
    refunded: ['psp paid', 'payer ask', 'psp paid', 'psp refunded'],
    reversed: ['psp paid', 'payer ask', 'psp paid', 'psp reversed'],
    wrong_amount: paid,
    wrong_currency: paid,
    wrong_account: paid,
    bad_signature: ['psp untrusted signature', 'payer ask'],
    strangers_key: ['psp untrusted signature', 'payer ask'],
    other_merchant: ['psp untrusted receiver', 'payer ask'],
    replay: paid,
    false_return: ['payer ask'],
  },
})
