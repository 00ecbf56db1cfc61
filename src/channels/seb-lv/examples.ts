import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Example } from '../example.ts'
import { answerForm } from './messages.ts'

const Vectors = z.object({
  keys: z.record(
    z.string(),
    z.object({
      public_pem: z.string().optional(),
      private_pem: z.string().optional(),
      certificate_pem: z.string().optional(),
    }),
  ),
  vectors: z.array(
    z.object({
      id: z.string(),
      origin: z.string(),
      key: z.string(),
      fields: z.record(z.string(), z.string()).default({}),
      signature_base64: z.string(),
      expect: z.enum(['valid', 'invalid']),
    }),
  ),
})

/** The bank's answers among the vectors: one of them was signed by the bank itself. */
export const sebLvExamples = (): readonly Example[] => {
  const file = new URL('./vectors/seb_lv_elink.json', import.meta.url)
  const { keys, vectors } = Vectors.parse(JSON.parse(readFileSync(file, 'utf8')))
  return vectors.flatMap(({ id, origin, key, fields, signature_base64, expect }) => {
    if (!answerForm(fields.IB_SERVICE ?? '')) return []
    const publicKey = keys[key]?.public_pem ?? keys[key]?.certificate_pem ?? ''
    const form = new URLSearchParams([...Object.entries(fields), ['IB_CRC', signature_base64]])
    return [
      {
        id,
        origin,
        message: {
          method: 'POST',
          url: 'https://hub.example/psp/seb-lv/example/att_1/back',
          headers: {},
          body: new TextEncoder().encode(form.toString()),
        },
        agreement: {
          settings: { senderId: fields.IB_REC_ID, url: 'https://bank.example/' },
          keys: { merchant: { privateKey: keys.hub_merchant?.private_pem ?? '' }, bank: [{ publicKey }] },
        },
        reads: [expect === 'invalid' ? 'untrusted signature' : meantBy(fields)],
      },
    ]
  })
}

const meantBy = ({ IB_STATUS }: Readonly<Record<string, string>>): string => {
  if (IB_STATUS === 'ACCOMPLISHED') return 'paid'
  return IB_STATUS === 'CANCELLED' ? 'refused declined' : 'accepted'
}
