import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { toDecimal } from '../../kernel/money.ts'
import { SECOND_MS } from '../../kernel/time.ts'
import { findReceipt } from '../../payments/index.ts'
import { openClient } from '../../platform/http/client.ts'
import { type PublicJwk, type Receipt, type ReceiptFault, verifyReceipt } from '../../sdk/index.ts'
import { outboundPolicyOf } from '../compose.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, readGiven } from './output.ts'
import { configOf, usualMode, withSession } from './session.ts'

/** Whether a receipt is what the hub said, for who is shown one. Neither hub nor database is needed, with saved keys no network either. */

const KEYS_PATH = '/.well-known/jwks.json'
const KEYS_TIMEOUT_MS = 10 * SECOND_MS
/** Some 200 bytes a key; a hub has one for each time that it changed them. */
const MAX_KEYS_BYTES = 256 * 1024

const KeySet = z.object({ keys: z.array(z.looseObject({ kid: z.string().default('') })) })

export type VerifyOptions = { readonly jwks?: string; readonly json?: boolean }

export const verifyReceiptFile = async (file: string, options: VerifyOptions): Promise<Exit> => {
  const text = await readGiven(file)
  const { keys, issuer } = await keysFor(options.jwks)
  const verified = verifyReceipt({ file: text, keys, ...(issuer === undefined ? {} : { issuer }) })
  if (!verified.ok && verified.reason === 'malformed') throw badInput(`${file}: ${WHY.malformed}`)
  if (options.json)
    printJson(
      verified.ok
        ? { genuine: true, receipt: verified.receipt }
        : { genuine: false, reason: verified.reason, detail: WHY[verified.reason] },
    )
  else print(verified.ok ? inWords(verified.receipt) : `not genuine – ${verified.reason}: ${WHY[verified.reason]}`)
  return verified.ok ? EXIT.done : EXIT.no
}

const WHY: Readonly<Record<ReceiptFault, string>> = {
  malformed: 'this is not a receipt: give the file that was downloaded from the receipt page',
  unknown_key:
    'it is signed by a key that is not among these: of another hub, withdrawn, or newer than a saved file of keys',
  signature: 'the signature does not fit: it was changed, or made by somebody else',
  not_a_receipt: 'the hub signed this, but not as a receipt',
  other_hub: 'it says that another hub made it',
  altered: 'what is signed is genuine, but what is to be read beside it says something else',
}

type Keys = { readonly keys: readonly PublicJwk[]; readonly issuer?: string }

/** A hub's address vouches for that hub's receipts only; who saved a file of keys says by it whom to trust. */
const keysFor = async (given: string | undefined): Promise<Keys> => {
  if (given !== undefined && !/^https?:\/\//i.test(given)) return { keys: keysIn(given, await readGiven(given)) }
  const config = configOf(usualMode())
  const address = given ?? config.publicUrl + KEYS_PATH
  if (!URL.canParse(address)) throw badInput(`--jwks ${address}: is not an address`)
  const client = openClient({ policy: outboundPolicyOf(config) })
  try {
    const headers = { accept: 'application/json' }
    const request = {
      method: 'GET',
      url: address,
      headers,
      timeoutMs: KEYS_TIMEOUT_MS,
      maxBytes: MAX_KEYS_BYTES,
    } as const
    const sent = await client.send(request)
    if (sent.kind !== 'answered')
      throw new Ending(
        EXIT.away,
        `${address}: ${sent.why}; name the hub's keys with --jwks: https://<hub>/.well-known/jwks.json, or a file of what it answers`,
      )
    if (sent.reply.status !== 200) throw new Ending(EXIT.away, `${address} answers ${sent.reply.status}, not with keys`)
    const keys = keysIn(address, Buffer.from(sent.reply.body).toString('utf8'))
    return { keys, issuer: address.endsWith(KEYS_PATH) ? address.slice(0, -KEYS_PATH.length) : new URL(address).origin }
  } finally {
    await client.close()
  }
}

const keysIn = (name: string, text: string): readonly PublicJwk[] => {
  try {
    return KeySet.parse(JSON.parse(text)).keys
  } catch {
    throw badInput(`${name}: is not a set of keys (JSON Web Key Set): save the hub’s ${KEYS_PATH}`)
  }
}

const inWords = (receipt: Receipt): string => {
  const money = (amountMinor: number) => `${toDecimal({ amountMinor, currency: receipt.currency })} ${receipt.currency}`
  const first = (texts: Readonly<Record<string, string>>) => Object.values(texts)[0] ?? ''
  const back = receipt.refundedAmount + receipt.reversedAmount
  return [
    `genuine, signed by ${receipt.iss} on ${receipt.issuedAt}${receipt.mode === 'test' ? ' – a TEST: no money moved' : ''}`,
    `${money(receipt.amount)}${back > 0 ? `, of which ${money(back)} went back` : ''}, reference ${receipt.reference}, ${receipt.payment}`,
    `paid to ${first(receipt.merchant.name)} (${receipt.merchant.registrationNumber}), ${receipt.payee.iban}`,
    `through ${first(receipt.bank)}${receipt.bankReference === null ? '' : `, their number ${receipt.bankReference}`}${receipt.paidAt === null ? '' : `, at ${receipt.paidAt}`}`,
  ].join('\n')
}

export type MakeOptions = { readonly to?: string; readonly language?: string }

export const makeReceipt = (payment: string, { to, language }: MakeOptions): Promise<Exit> => {
  if (to !== undefined && !/\.(pdf|json)$/.test(to))
    throw badInput(`--to ${to}: name a file that ends in .pdf or .json`)
  return withSession(async ({ composed }) => {
    const found = await findReceipt(composed.hub, composed.tokens, payment)
    if (found === 'unknown') throw new Ending(EXIT.no, `there is no payment ${payment}`)
    if (found === 'not_paid') throw new Ending(EXIT.no, `nothing was paid of ${payment}: there is no receipt`)
    if (to === undefined) printJson(found.signed)
    else await writeNew(to, to.endsWith('.pdf') ? await found.print(language) : JSON.stringify(found.signed, null, 2))
    return EXIT.done
  })
}

const writeNew = async (file: string, content: string | Uint8Array | undefined): Promise<void> => {
  if (content === undefined) throw new Ending(EXIT.no, 'its e-service is not configured any more')
  await writeFile(file, content, { flag: 'wx' }).catch((fault: NodeJS.ErrnoException) => {
    const why = fault.code === 'EEXIST' ? 'is there already' : `cannot be written (${fault.code})`
    throw badInput(`${file} ${why}: name another file`)
  })
}

export const withdrawKey = (kid: string, options: { readonly json?: boolean }): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const done = await composed.tokens.withdraw(kid)
    if (!done) throw new Ending(EXIT.no, `no key ${kid} signs here: /.well-known/jwks.json has those that there are`)
    if (options.json) printJson({ withdrawn: kid })
    else
      print(
        'Withdrawn. Receipts that it signed are not genuine any more; made anew they are signed by the present key.',
      )
    return EXIT.done
  })
