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
        z.object({ id: z.string(), channel: z.string(), account: z.string(), settings: z.unknown() }),
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

/** The private halves that only the simulated banks hold, and the merchants' public ones. */
export const demoKeys = (): WorldKeys => {
  const priv = (name: string) => privateKey(text(`keys/${name}.pem`))
  const swedbank = [priv('swedbank'), priv('swedbank-next')]
  const sandbox: AgreementKeys = { bank: [priv('sandbox-bank')] }
  const linked = (merchant: string): AgreementKeys => ({
    bank: swedbank,
    merchant: publicKey(text(`keys/${merchant}-swedbank.pem`)),
  })
  return {
    agreements: {
      'liepkalni-swedbank': linked('liepkalni'),
      'eglupe-swedbank': linked('eglupe'),
      'liepkalni-seb': {
        bank: [priv('seb'), priv('seb-next')],
        merchant: publicKey(text('keys/liepkalni-seb.pem')),
      },
      'liepkalni-sandbox': sandbox,
      'eglupe-sandbox': sandbox,
    },
    strangers: [priv('stranger'), priv('stranger-ed25519')],
  }
}
