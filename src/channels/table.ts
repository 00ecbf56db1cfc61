import type { Channel, ListedChannel } from './channel.ts'
import { channels } from './index.ts'
import { type Setting, settingsOf, settingsSchema } from './settings.ts'

/**
 * Draws `docs/channels/README.md` from the channels themselves.
 * `npm run build && node -e "import('./dist/channels/table.js').then((m) => process.stdout.write(m.drawChannels()))" > docs/channels/README.md`
 */
export const drawChannels = (): string =>
  [
    HEAD,
    table(['channel', ...COLUMNS.map(([heading]) => heading)], channels.map(rowOf)),
    FOOT,
    ...channels.map(agreementOf),
  ].join('\n')

const HEAD = `# The channels

Drawn from the channels by \`src/channels/table.ts\`; a test fails when this page is not what the code draws. What an agreement of a channel
must bring: \`ebizness channels settings <channel>\`. Why each rule is believed, and how sure it is: the channel's own page.
`

const FOOT = `
*Services, versions, charsets*: what an agreement may name; **bold** is what it means when it names none. *Asked*: whether the bank can be asked what
became of a payment; where it cannot, a payment of which nothing is heard ends by time. *Refunds*: whether the bank takes them from a program.

*Certainty* of signing and reading as a whole: **A** the bank's own document was read and the rule reproduces a published signature · **B** the
document was read, or two independent implementations agree · **C** one implementation or page only · **D** general knowledge. Nothing was tried
against a live bank.

## What an agreement brings

As \`ebizness channels settings <channel>\` tells it too. Where the settings and keys stand in \`cma.yaml\`: [configure.md](../operating/configure.md).
`

type Column = readonly [heading: string, cell: (listed: ListedChannel) => string]

const COLUMNS: readonly Column[] = [
  ['bank', ({ portrait }) => portrait.psp],
  ['country', ({ portrait }) => portrait.country ?? ''],
  ['protocol', ({ portrait }) => portrait.protocol],
  ['services', ({ channel, portrait }) => portrait.services ?? chosen(channel, 'service')],
  ['versions', ({ channel }) => [chosen(channel, 'version'), answersIn(channel)].filter(Boolean).join('; ')],
  ['charsets', ({ channel }) => chosen(channel, 'charset') || '**UTF-8**'],
  ['asked', ({ channel }) => (channel.enquire ? 'yes' : 'no')],
  ['refunds', ({ channel }) => (channel.refund ? 'yes' : 'no')],
  ['how its notice comes', ({ portrait }) => portrait.notice],
  ['certainty', ({ portrait }) => portrait.certainty],
]

const rowOf = (listed: ListedChannel): readonly string[] => {
  const { id } = listed.channel
  return [`[\`${id}\`](../../src/channels/${id}/README.md)`, ...COLUMNS.map(([, cell]) => cell(listed))]
}

/** The values that a setting may have, its default in bold; empty when there is no such setting. */
const chosen = (channel: Channel, name: string): string => {
  const about = settingOf(channel, name)
  if (!about?.enum) return ''
  return about.enum.map((value) => (value === about.default ? `**${value}**` : String(value))).join(', ')
}

/** Where the answers' versions are a setting of their own. */
const answersIn = (channel: Channel): string => {
  const usual = settingOf(channel, 'answerVersions')?.default
  return Array.isArray(usual) ? `answers ${usual.join(', ')}` : ''
}

const settingOf = (channel: Channel, name: string) => {
  const about = settingsSchema(channel).properties?.[name]
  return typeof about === 'object' ? about : undefined
}

/** What an agreement of a channel brings; of a further bank of a family, only what differs from the first. */
const agreementOf = ({ channel }: ListedChannel): string => {
  const settings = settingsOf(channel)
  const first = channels.find((other) => sameNames(settingsOf(other.channel), settings))?.channel ?? channel
  if (first.id === channel.id) return `### ${channel.id}\n\n${settingTable(settings)}\n\n${keyTable(channel)}\n`
  const usual = settingsOf(first)
  const own = settings.filter((setting, place) => !isSame(setting, usual[place]))
  const all = `As [${first.id}](#${first.id})`
  return `### ${channel.id}\n\n${own.length === 0 ? `${all}.` : `${all}, but:\n\n${settingTable(own)}`}\n`
}

const sameNames = (some: readonly Setting[], others: readonly Setting[]): boolean =>
  some.length === others.length && some.every(({ path }, place) => path === others[place]?.path)

const isSame = (one: Setting, other: Setting | undefined): boolean => JSON.stringify(one) === JSON.stringify(other)

const settingTable = (settings: readonly Setting[]): string =>
  table(
    ['setting', 'values', '', 'meaning'],
    settings.map(({ path, values, need, meaning }) => [`\`${path}\``, values.replaceAll(' | ', ', '), need, meaning]),
  )

const keyTable = ({ keys }: Channel): string =>
  table(
    ['key', 'kind', '', 'purpose'],
    Object.entries(keys).map(([name, { kind, optional = false, purpose }]) => [
      `\`${name}\``,
      kind,
      optional ? 'optional' : 'required',
      purpose,
    ]),
  )

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
