import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Example } from '../example.ts'

const Vectors = z.object({
  origin: z.string(),
  publicKey: z.string(),
  notices: z.array(z.object({ name: z.string(), body: z.string(), signature: z.string(), reads: z.array(z.string()) })),
})

/** Words of the vectors that are why a payment was not made; and the rules by which a notice is not believed. */
const REFUSALS = ['declined', 'cancelled_by_payer', 'expired_at_psp']
const RULES = ['signature', 'form', 'receiver']

/** Nothing is called here; an agreement must bring one all the same. */
const API_KEY = 'sandbox_LIEPKALNI_throw-away-test-fixture'

export const sandboxExamples = (): readonly Example[] => {
  const file = new URL('./vectors/notices.json', import.meta.url)
  const { origin, publicKey, notices } = Vectors.parse(JSON.parse(readFileSync(file, 'utf8')))
  return notices.map(({ name, body, signature, reads }) => ({
    id: name,
    origin,
    message: {
      method: 'POST',
      url: 'https://hub.example/psp/sandbox/example/notice',
      headers: { 'x-sandbox-signature': signature },
      body: new TextEncoder().encode(body),
    },
    agreement: {
      settings: { merchantId: 'LIEPKALNI', url: 'https://bank.example/sandbox' },
      keys: { api: { secret: API_KEY }, bank: [{ publicKey }] },
    },
    reads: reads.map((word) =>
      REFUSALS.includes(word) ? `refused ${word}` : RULES.includes(word) ? `untrusted ${word}` : word,
    ),
  }))
}
