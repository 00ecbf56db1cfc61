import { inLanguage } from '../../kernel/language.ts'
import { type Instant, systemClock, toRfc3339 } from '../../kernel/time.ts'
import type { AgreementSheet, SheetKey } from '../../merchants/index.ts'
import { pspAddresses } from '../../payments/index.ts'
import { Ending, EXIT, type Exit, print, printJson, table } from './output.ts'
import { withSession } from './session.ts'

/** What a clerk and a bank's desk tell each other when an agreement is set up or a key changes. */

type Addresses = ReturnType<typeof pspAddresses>
type Told = { readonly everyPayment: Addresses; readonly eachPayment: Addresses }

export const showAgreement = (id: string, options: { readonly json?: boolean }): Promise<Exit> =>
  withSession(async ({ config, composed }) => {
    const sheet = await composed.merchants.sheet(id)
    if (!sheet) {
      const known = [...(await composed.merchants.directory()).agreements.keys()].join(', ')
      throw new Ending(
        EXIT.no,
        `there is no agreement "${id}": ${known ? `there are ${known}` : 'apply a cma.yaml first'}`,
      )
    }
    const addresses: Told = {
      everyPayment: pspAddresses(config.publicUrl, sheet),
      eachPayment: pspAddresses(config.publicUrl, sheet, '<attempt>'),
    }
    if (options.json) printJson({ ...sheet, addresses })
    else print(inWords(sheet, addresses))
    return EXIT.done
  })

export const listAgreements = (options: { readonly json?: boolean }): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const sheets = await composed.merchants.sheets()
    if (options.json) {
      printJson(sheets.map(({ keys: _keys, settings: _settings, ...rest }) => rest))
      return EXIT.done
    }
    const rows = sheets.map((sheet) => {
      const { id, channel, merchant, account, validFrom, validTo } = sheet
      return [id, channel, merchant.id, account.iban, `${validFrom} – ${validTo ?? ''}`.trim(), stateOf(sheet)]
    })
    print(rows.length === 0 ? 'There are no agreements.' : table(HEADINGS, rows))
    return EXIT.done
  })

const HEADINGS = ['AGREEMENT', 'CHANNEL', 'MERCHANT', 'ACCOUNT', 'VALID', '']

/** The first that holds. */
const stateOf = ({ retired, findings, pause }: AgreementSheet): string => {
  if (retired) return 'retired'
  if (findings.some(({ severity }) => severity === 'fault')) return 'cannot be used: see agreements show'
  if (pause && systemClock.now() < pause.to) return pausedOf(pause)
  return findings.length > 0 ? 'ends soon: see agreements show' : ''
}

const pausedOf = ({ from, to }: { readonly from: Instant; readonly to: Instant }): string =>
  `paused from ${toRfc3339(from)} until ${toRfc3339(to)}`

const inWords = (sheet: AgreementSheet, { eachPayment, everyPayment }: Told): string => {
  const ours = sheet.keys.filter(({ whose }) => whose === 'ours')
  const others = sheet.keys.filter(({ whose }) => whose !== 'ours')
  const findings = sheet.findings.map(({ severity, message }) => `  ${severity}: ${message}`)
  return [
    heading(sheet),
    ...(findings.length > 0 ? [part('Needs attention', findings)] : []),
    part('Settings agreed on with the bank (sender ids are among them)', settingsOf(sheet.settings)),
    part('Addresses to give the bank', [
      '  in each order, for that payment:',
      `    return  ${eachPayment.back}`,
      `    notice  ${eachPayment.notice}`,
      '  where the bank registers one address for all payments:',
      `    return  ${everyPayment.back}`,
      `    notice  ${everyPayment.notice}`,
    ]),
    part('Our keys: the public halves are for the bank', ours.length > 0 ? ours.map(keyInWords) : ['  none']),
    part('What we hold of the bank’s', others.length > 0 ? others.map(keyInWords) : ['  nothing']),
  ].join('\n\n')
}

const part = (title: string, lines: readonly string[]): string => [title, ...lines].join('\n')

const heading = (sheet: AgreementSheet): string => {
  const { id, merchant, channel, channelName, account, validFrom, validTo, retired, pause } = sheet
  return [
    `Agreement ${id}: ${inLanguage(merchant.name, 'lv')} (${merchant.id}, ${merchant.registrationNumber})`,
    `with ${inLanguage(channelName, 'en')} (channel ${channel}), account ${account.iban}`,
    `valid from ${validFrom}${validTo === null ? '' : ` to ${validTo}`}${retired ? ', retired' : ''}${pause ? `, ${pausedOf(pause)}` : ''}`,
  ].join('\n')
}

const settingsOf = (settings: unknown): readonly string[] => {
  const entries = typeof settings === 'object' && settings !== null ? Object.entries(settings) : []
  const shown = entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
  const widest = Math.max(0, ...shown.map(([name = '']) => name.length))
  return shown.length === 0 ? ['  none'] : shown.map(([name = '', value]) => `  ${name.padEnd(widest)}  ${value}`)
}

/** The PEM stands at the margin, so that it can be copied as it is. */
const keyInWords = (key: SheetKey): string => {
  const dates = [...(key.from === null ? [] : [`from ${key.from}`]), ...(key.to === null ? [] : [`to ${key.to}`])]
  const certificate = key.certificateEnds === null ? '' : `; its certificate ends on ${key.certificateEnds}`
  return [
    `  ${key.name} (${key.kind}): ${key.purpose}`,
    `    valid ${dates.length > 0 ? dates.join(' ') : 'without dates'}${key.validNow ? '' : ' – not now'}${certificate}`,
    ...(key.fingerprint === null ? [] : [`    SHA-256 of the public key: ${key.fingerprint}`]),
    ...(key.whose === 'ours' && key.publicKey !== null ? [key.publicKey.trim()] : []),
  ].join('\n')
}
