import { describe, expect, it } from 'vitest'
import { type Network, parseNetwork } from './addresses.ts'
import { countedAs, peerOf } from './peer.ts'

const networks = (...texts: readonly string[]): readonly Network[] =>
  texts.flatMap((text) => {
    const parsed = parseNetwork(text)
    return parsed.ok ? [parsed.value] : []
  })
const TRUSTED = networks('10.0.0.0/8', '127.0.0.0/8', 'fd00::/8')
const PAYER = '198.51.100.7'

describe('who asks', () => {
  it.each<readonly [string, string, string | undefined, string]>([
    ['nobody between', PAYER, undefined, PAYER],
    ['a stranger who claims to be another', PAYER, '203.0.113.9', PAYER],
    ['one proxy of ours', '10.0.0.1', PAYER, PAYER],
    ['one proxy of ours that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['one that says nothing at all', '10.0.0.1', '', '10.0.0.1'],
    ['a payer who wrote the header first', '10.0.0.1', `203.0.113.9, ${PAYER}`, PAYER],
    ['a payer who wrote one of our addresses first', '10.0.0.1', `10.0.0.9, ${PAYER}`, PAYER],
    ['two proxies of ours', '10.0.0.1', `${PAYER}, 10.0.0.2`, PAYER],
    ['a proxy of ours behind one that we do not trust', '10.0.0.1', `${PAYER}, 192.0.2.1`, '192.0.2.1'],
    ['somebody inside', '10.0.0.1', '10.1.2.3', '10.1.2.3'],
    ['IPv4 on a socket of both families', '::ffff:10.0.0.1', PAYER, PAYER],
    ['IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['ports', '10.0.0.1', `${PAYER}:4711`, PAYER],
    ['ports of IPv6', '10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['IPv6 in brackets', '10.0.0.1', '[2001:db8::7]', '2001:db8::7'],
    ['what is no address', '10.0.0.1', `${PAYER}, unknown`, '10.0.0.1'],
    ['what is no address, further left', '10.0.0.1', `unknown, ${PAYER}`, PAYER],
    ['an empty entry', '10.0.0.1', `${PAYER},`, '10.0.0.1'],
    ['an address with more after it', '10.0.0.1', `${PAYER} x`, '10.0.0.1'],
    ['a very long line', '10.0.0.1', `${'203.0.113.9, '.repeat(5_000)}${PAYER}`, PAYER],
    ['no peer at all', '', PAYER, ''],
  ])('%s', (_which, connected, forwardedFor, peer) => {
    expect(peerOf(connected, forwardedFor, TRUSTED)).toBe(peer)
  })

  it('is whoever connected when no proxy is trusted', () => {
    expect(peerOf('10.0.0.1', PAYER, [])).toBe('10.0.0.1')
  })
})

describe('who is counted together', () => {
  it.each([
    [PAYER, '::ffff:198.51.100.7', true],
    [PAYER, '198.51.100.8', false],
    ['2001:db8:1:2::7', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::7', '2001:db8:1:3::7', false],
    ['::ffff:0:0', '::1', false],
  ])('%s and %s: %s', (one, other, together) => {
    expect(countedAs(one) === countedAs(other)).toBe(together)
  })

  it.each(['', 'unknown', 'fe80::1%eth0'])('%j is nobody', (text) => {
    expect(countedAs(text)).toBeUndefined()
  })
})
