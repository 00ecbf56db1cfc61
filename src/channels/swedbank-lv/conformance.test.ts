import { readFileSync } from 'node:fs'
import { parseInstant } from '../../kernel/time.ts'
import { HEARD } from '../conformance/ipizza.ts'
import { conformance, throwAwayKeys } from '../conformance/kit.ts'
import { swedbankLvChannel } from './channel.ts'
import { swedbankLv } from './index.ts'
import { swedbankLvSimulator } from './simulator.ts'

type Keys = Readonly<Record<'hub_merchant' | 'bank', { readonly private_pem: string; readonly public_pem: string }>>
const vectors: { readonly keys: Keys } = JSON.parse(
  readFileSync(new URL('./vectors/ipizza.json', import.meta.url), 'utf8'),
)
const { hub_merchant: merchant, bank } = vectors.keys
const next = throwAwayKeys('rsa')
const stranger = throwAwayKeys('rsa')

for (const [service, version] of [
  ['1012', '009'],
  ['1002', '008'],
] as const) {
  conformance({
    listed: swedbankLv,
    channel: swedbankLvChannel,
    simulator: swedbankLvSimulator,
    folder: new URL('.', import.meta.url),
    settings: {
      senderId: 'LIEPKALNI',
      bankId: 'HP',
      service,
      version,
      fallbackCharsets: ['WINDOWS-1257'],
      url: 'https://bank.example/swedbank-lv',
    },
    keys: {
      merchant: { privateKey: merchant.private_pem },
      bank: [{ publicKey: bank.public_pem }, { publicKey: next.publicKey }],
    },
    strangersKeys: { merchant: { privateKey: stranger.privateKey }, bank: [{ publicKey: stranger.publicKey }] },
    bank: { keys: [bank.private_pem, next.privateKey], stranger: stranger.privateKey, merchant: merchant.public_pem },
    root: 'https://bank.example/swedbank-lv',
    now: parseInstant('2026-11-23T07:15:00Z') ?? 0,
    heard: HEARD,
  })
}
