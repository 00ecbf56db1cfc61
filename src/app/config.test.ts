import { expect, it } from 'vitest'
import { readConfig } from './config.ts'

it.each([
  ['10.0.0.0/24', ['10.0.0.0/24']],
  [' 10.0.0.0/24 , fd00::/8 ', ['10.0.0.0/24', 'fd00::/8']],
  ['', []],
])('takes %j as the networks of trusted proxies', (text, networks) => {
  const read = readConfig({ EBIZNESS_TRUSTED_PROXIES: text }, 'test')
  expect(read.ok && read.value.trustedProxies).toEqual(networks)
})

it.each(['10.0.0.1', '10.0.0.0/33', '10.0.0.1/24', 'proxy.example'])('says that %j is no network', (text) => {
  const read = readConfig({ EBIZNESS_TRUSTED_PROXIES: text }, 'test')
  expect(read.ok ? [] : read.error).toEqual([expect.stringMatching(/^EBIZNESS_TRUSTED_PROXIES: /)])
})
