import { describe, expect, it } from 'vitest'
import { parseInstant } from '../kernel/time.ts'
import type { Channel } from './channel.ts'
import { type TestKeys, testAgreement } from './conformance/agreement.ts'
import { type Example, examples, replay } from './examples.ts'
import { channels } from './index.ts'

const now = parseInstant('2026-11-23T07:15:00Z') ?? 0

const agreementOf = (channel: Channel, { agreement: { settings, keys } }: Example) => {
  const given: TestKeys = JSON.parse(JSON.stringify(keys))
  return testAgreement(channel, { settings, keys: given, now })
}

describe.each(channels.map(({ channel }) => channel))('the examples of $id', (channel) => {
  const own = examples[channel.id]?.() ?? []

  it('are some that must be believed and some that must not', () => {
    const forged = own.filter(({ reads }) => reads.some((word) => word.startsWith('untrusted')))
    expect([own.length > 5, forged.length > 0, forged.length < own.length]).toEqual([true, true, true])
    expect(new Set(own.map(({ id }) => id)).size).toBe(own.length)
  })

  it.each(own)('$id is read as it should, and in no altered copy as something else', async (example) => {
    const { faults, altered } = await replay(channel, example, agreementOf(channel, example))
    expect(faults).toEqual([])
    expect(altered).toBeGreaterThan(0)
  })
})

describe('a channel that is wrong', () => {
  const [swedbank] = channels.map(({ channel }) => channel)
  const [example] = examples['swedbank-lv']?.() ?? []
  const faultsOf = async (read: Channel['read']): Promise<readonly string[]> => {
    if (!swedbank || !example) return expect.fail('nothing to replay')
    return (await replay({ ...swedbank, read }, example, agreementOf(swedbank, example))).faults
  }
  const about = { address: true } as const

  it('is found when it reads otherwise', async () => {
    const read: Channel['read'] = async () => ({ carrier: 'psp', readings: [{ about, says: 'accepted' }] })
    expect(await faultsOf(read)).toEqual(['is read as accepted, it says paid'])
  })

  it('is found when it believes what was altered', async () => {
    let reference = 0
    const read: Channel['read'] = async ({ body }) => {
      if (example && Buffer.compare(body, example.message.body) !== 0) reference++
      return { carrier: 'psp', readings: [{ about, says: 'paid', states: { reference: String(reference) } }] }
    }
    const faults = await faultsOf(read)
    expect([faults.length, faults[0]]).toEqual([64, 'altered at byte 0 it is believed to say paid'])
  })

  it('is found when it reads otherwise the second time', async () => {
    let times = 0
    const read: Channel['read'] = async () => ({
      carrier: 'psp',
      readings: [{ about, says: times++ === 0 ? 'paid' : 'nothing' }],
    })
    expect(await faultsOf(read)).toEqual(['is read otherwise the second time'])
  })
})
