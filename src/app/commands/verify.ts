import type { Agreement, Channel } from '../../channels/channel.ts'
import { type Example, examples, replay } from '../../channels/examples.ts'
import { parseInstant } from '../../kernel/time.ts'
import { readSettingsFile, showProblem } from '../../merchants/index.ts'
import { channelOf } from './channels.ts'
import { badInput, EXIT, type Exit, print, printJson, table } from './output.ts'

/** Later than any of the messages was made. */
const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0

/**
 * Whether this machine reads a channel's messages as it should: its cryptography is the machine's own, and a policy of the operating
 * system may have switched off what old banks sign with.
 */
export const verifyChannel = async (id: string, options: { readonly json?: boolean }): Promise<Exit> => {
  const channel = channelOf(id)
  const messages = []
  for (const example of examples[channel.id]?.() ?? []) {
    const { reads, altered, faults } = await replay(channel, example, await agreementOf(channel, example))
    messages.push({ id: example.id, origin: example.origin, reads, altered, faults })
  }
  const wrong = messages.filter(({ faults }) => faults.length > 0)
  const altered = messages.reduce((sum, message) => sum + message.altered, 0)
  if (options.json) printJson({ channel: channel.id, verified: wrong.length === 0, altered, messages })
  else {
    const rows = messages.map(({ id, origin, reads, faults }) => [
      faults.length === 0 ? 'ok' : 'WRONG',
      id,
      faults.length === 0 ? reads.join(', ') : faults.join('; '),
      origin,
    ])
    const all = `${messages.length} messages, ${altered} altered copies: `
    const end =
      wrong.length === 0 ? 'all read as they should.' : `${wrong.length} messages are not read as they should.`
    print(`${table(['', 'MESSAGE', 'READ AS', 'ORIGIN'], rows)}\n\n${all}${end}`)
  }
  return wrong.length === 0 ? EXIT.done : EXIT.no
}

const agreementOf = async (channel: Channel, { id, agreement }: Example): Promise<Agreement<unknown>> => {
  const read = await readSettingsFile(id, JSON.stringify(agreement), channel)
  if (!read.ok) throw badInput(read.error.map(showProblem))
  return read.value({ now: NOW, nonce: '0'.repeat(32) })
}
