import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { charsetOf, encode } from '../../wire/charset.ts'
import { writeForm } from '../../wire/form.ts'
import type { Example } from '../example.ts'
import { answerForm } from './services.ts'

const Vectors = z.object({
  keys: z.record(z.string(), z.object({ public_pem: z.string(), private_pem: z.string().optional() })),
  vectors: z.array(
    z.object({
      id: z.string(),
      origin: z.string(),
      key: z.string(),
      charset: z.string(),
      length_unit: z.enum(['chars', 'bytes']),
      fields: z.record(z.string(), z.string()),
      signature_base64: z.string(),
      expect: z.enum(['valid', 'invalid']),
    }),
  ),
})
type Vector = z.infer<typeof Vectors>['vectors'][number]

/** Answers of banks of the family, by default those that all of them share. */
export const ipizzaExamples = (
  channel: string,
  file: URL = new URL('./vectors/ipizza.json', import.meta.url),
): readonly Example[] => {
  const { keys, vectors } = Vectors.parse(JSON.parse(readFileSync(file, 'utf8')))
  return vectors.flatMap((vector) => {
    const form = answerForm(vector.fields.VK_SERVICE ?? '')
    const reads = vector.expect === 'invalid' ? 'untrusted signature' : form?.says
    if (!form || reads === undefined) return []
    return [
      {
        id: vector.id,
        origin: vector.origin,
        message: messageOf(channel, vector),
        agreement: {
          settings: settingsOf(vector),
          keys: {
            merchant: { privateKey: keys.hub_merchant?.private_pem ?? '' },
            bank: [{ publicKey: keys[vector.key]?.public_pem ?? '' }],
          },
        },
        reads: [reads === 'refused' ? 'refused declined' : reads],
      },
    ]
  })
}

const settingsOf = ({ fields, length_unit: lengthUnit }: Vector) => ({
  senderId: fields.VK_REC_ID,
  bankId: fields.VK_SND_ID,
  service: '1012',
  version: fields.VK_VERSION,
  lengthUnit,
  url: 'https://bank.example/',
})

/** Throws when the vector cannot be written in the charset that it names. */
const messageOf = (channel: string, { fields, signature_base64, charset }: Vector) => {
  const form = writeForm([...Object.entries(fields), ['VK_MAC', signature_base64]], charsetOf(charset) ?? 'UTF-8')
  const body = form.ok ? encode(form.value, 'UTF-8') : form
  if (!body.ok) throw new Error(body.error)
  const url = `https://hub.example/psp/${channel}/example/att_1/back`
  return { method: 'POST', url, headers: {}, body: body.value }
}
