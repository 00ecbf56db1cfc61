import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { demoFolder } from '../../src/sandbox/index.ts'

/** Values that must not come out somewhere, told by name when they do. All are invented or throw-away. */
export type Canaries = Readonly<Record<string, string>>

export const PAYER = {
  name: 'Kanārijs Zeltputniņš',
  email: 'kanarijs.zeltputnins@noslepums.example',
  personalCode: '161175-19997',
  registrationNumber: '40003999994',
} as const

/** Parts count too: half a name is a name, digits without their hyphen are a code. */
export const payerCanaries: Canaries = {
  'the payer’s first name': 'Kanārijs',
  'the payer’s surname': 'Zeltputniņš',
  'the payer’s e-mail': PAYER.email,
  'the payer’s personal code': PAYER.personalCode,
  'the payer’s personal code without its hyphen': PAYER.personalCode.replace('-', ''),
  'the payer’s registration number': PAYER.registrationNumber,
}

/** As the simulated banks know who pays there. */
export const bankCanaries: Canaries = {
  'the payer’s name at the bank': 'Paraudziņa',
  'the payer’s account at the sandbox': 'LV18SAND0000000000001',
  'the payer’s account at Swedbank': 'LV44HABA0551000000777',
  'the payer’s account at SEB': 'LV21PARX0000000000003',
}

/** Of each private key a line from its middle; of each secret the whole. */
export const keyCanaries = (): Canaries => {
  const folder = join(demoFolder, 'keys')
  const files = readdirSync(folder).filter((name) => !name.endsWith('.public.pem'))
  return Object.fromEntries(
    files.map((name) => {
      const lines = readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !/^(#|-----)/.test(line))
      return [`keys/${name}`, lines[Math.floor(lines.length / 2)] ?? '']
    }),
  )
}

/** A canary as it could be written: plain, without accents, in JSON, in a form, in an address, in base64, in hexadecimal. */
const writings = (value: string): readonly string[] => {
  const bytes = Buffer.from(value)
  const plain = value.normalize('NFD').replaceAll(/\p{Mark}/gu, '')
  const escaped = value.replaceAll(
    /[^\0-\x7f]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const form = new URLSearchParams({ v: value }).toString().slice(2)
  // What stands before it shifts base64: the letters in the middle are the same in one of three.
  const shifted = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(4, -4),
  )
  return [value, plain, escaped, form, encodeURIComponent(value), ...shifted, bytes.toString('hex')].filter(
    (written) => written.length >= 6,
  )
}

/** Names of the canaries that are in the text, in whatever writing. */
export const leaksIn = (text: string, canaries: Canaries): readonly string[] => {
  const lower = text.toLowerCase()
  return Object.entries(canaries)
    .filter(([, value]) => value === '' || writings(value).some((written) => lower.includes(written.toLowerCase())))
    .map(([name]) => name)
}
