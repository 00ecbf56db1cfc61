import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Setup } from '../../channels/simulator.ts'
import { inLanguage } from '../../kernel/language.ts'
import { type AgreementKeys, privateKey, publicKey, type WorldKeys } from '../keys.ts'

/** The demo's merchants and its throw-away keys. */

/** Where `keys/` and `look/` of the demo's file are found. */
export const demoFolder = fileURLToPath(new URL('.', import.meta.url))

const text = (name: string): string => readFileSync(join(demoFolder, name), 'utf8')

/** The demo's `cma.yaml` for these addresses; paths in it are relative to `demoFolder`. */
export const renderDemoFile = (roots: { readonly bankRoot: string; readonly shopRoot: string }): string =>
  text('cma.yaml').replaceAll('{{bankRoot}}', roots.bankRoot).replaceAll('{{shopRoot}}', roots.shopRoot)

const Localized = z.record(z.string(), z.string())
const SetupFile = z.object({
  merchants: z.array(
    z.object({
      name: Localized,
      accounts: z.array(z.object({ id: z.string(), iban: z.string() })),
      agreements: z.array(
        z.object({
          id: z.string(),
          channel: z.string(),
          account: z.string(),
          settings: z.unknown(),
          keys: z.object({ merchant: z.unknown().optional() }).optional(),
        }),
      ),
    }),
  ),
})

/** What each simulated bank is told of the agreements in a rendered `cma.yaml`, by channel. Throws on another kind of file. */
export const setupsFrom = (file: string): Readonly<Record<string, Setup>> => {
  const setups: Record<string, { agreements: Setup['agreements'][number][] }> = {}
  for (const merchant of SetupFile.parse(parse(file)).merchants) {
    for (const { id, channel, account, settings } of merchant.agreements) {
      const iban = merchant.accounts.find((one) => one.id === account)?.iban ?? ''
      const setup = setups[channel] ?? { agreements: [] }
      setups[channel] = setup
      setup.agreements.push({ id, settings, payee: { iban, name: inLanguage(merchant.name, 'lv') } })
    }
  }
  return setups
}

/** Where `cma.yaml` says that a key is. */
export type KeyPlace = z.infer<typeof KeyPlace>
const KeyPlace = z.union([z.object({ file: z.string() }), z.object({ env: z.string() })])
const OwnKey = z.object({ privateKey: KeyPlace })

/** The private halves that only the simulated banks hold, and the public ones of the demo's merchants. */
export const demoKeys = (): WorldKeys => {
  const { swedbank, seb, sandbox } = bankKeys()
  const linked = (merchant: string): AgreementKeys => ({
    bank: swedbank,
    merchant: publicKey(text(`keys/${merchant}-swedbank.pem`)),
  })
  return {
    agreements: {
      'liepkalni-swedbank': linked('liepkalni'),
      'eglupe-swedbank': linked('eglupe'),
      'liepkalni-seb': { bank: seb, merchant: publicKey(text('keys/liepkalni-seb.pem')) },
      'liepkalni-sandbox': { bank: sandbox },
      'eglupe-sandbox': { bank: sandbox },
    },
    strangers: [privateKey(text('keys/stranger.pem')), privateKey(text('keys/stranger-ed25519.pem'))],
  }
}

const bankKeys = () => {
  const named = (...names: readonly string[]) => names.map((name) => privateKey(text(`keys/${name}.pem`)))
  return {
    swedbank: named('swedbank', 'swedbank-next'),
    seb: named('seb', 'seb-next'),
    sandbox: named('sandbox-bank'),
  }
}

/**
 * The keys to play the agreements of any `cma.yaml`: the merchant's as the file names them (of several the last one), the bank's of
 * the demo. `read` gives the PEM that stands at a place.
 */
export const keysFrom = (file: string, read: (place: KeyPlace) => string): WorldKeys => {
  const { agreements, strangers } = demoKeys()
  const { swedbank, seb, sandbox } = bankKeys()
  const banks: Readonly<Record<string, AgreementKeys['bank']>> = { 'seb-lv': seb, sandbox }
  const all: Record<string, AgreementKeys> = { ...agreements }
  for (const { id, channel, keys } of SetupFile.parse(parse(file)).merchants.flatMap((one) => one.agreements)) {
    const own = OwnKey.safeParse([keys?.merchant].flat().at(-1)).data
    const bank = banks[channel] ?? swedbank
    all[id] = own ? { bank, merchant: publicKey(read(own.privateKey)) } : (all[id] ?? { bank })
  }
  return { agreements: all, strangers }
}
