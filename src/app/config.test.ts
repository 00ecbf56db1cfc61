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

it('takes a mail server with the address that letters come from, and not without', () => {
  const url = { EBIZNESS_SMTP_URL: 'smtps://hub:p%40ss@mail.example' }
  const read = readConfig({ ...url, EBIZNESS_MAIL_FROM: 'no-reply@pay.example' }, 'test')
  expect(read.ok && [read.value.smtpUrl, read.value.mailFrom]).toEqual([
    'smtps://hub:p%40ss@mail.example',
    'no-reply@pay.example',
  ])
  const faultOf = (environment: Readonly<Record<string, string>>) => {
    const wrong = readConfig(environment, 'test')
    return wrong.ok ? [] : wrong.error
  }
  expect(faultOf(url)).toEqual([expect.stringMatching(/^EBIZNESS_MAIL_FROM: required with EBIZNESS_SMTP_URL/)])
  expect(faultOf({ EBIZNESS_SMTP_URL: 'https://mail.example' })).toEqual([
    expect.stringMatching(/^EBIZNESS_SMTP_URL: must be smtps:/),
  ])
  expect(faultOf({ EBIZNESS_SMTP_URL: 'smtps://hub:50%off@mail.example' })).toEqual([
    'EBIZNESS_SMTP_URL: a % in its user name or password must be written as %25',
  ])
  expect(faultOf({ EBIZNESS_SMTP_URL: 'smtp:mail.example' })).toEqual([
    expect.stringMatching(/^EBIZNESS_SMTP_URL: must name the mail server/),
  ])
  expect(faultOf({ EBIZNESS_MAIL_FROM: 'Hub <a@pay.example>' })).toEqual([
    expect.stringMatching(/^EBIZNESS_MAIL_FROM: must be a bare address/),
  ])
})

it('drains for whole seconds, at most five minutes, and not at all unless told', () => {
  const drainOf = (text: string) => {
    const read = readConfig({ EBIZNESS_DRAIN_SECONDS: text }, 'test')
    return read.ok ? read.value.drainMs : read.error
  }
  expect([drainOf(''), drainOf('0'), drainOf('10')]).toEqual([0, 0, 10_000])
  for (const text of ['-1', '301', '1.5', '10s'])
    expect(drainOf(text)).toEqual([expect.stringMatching(/^EBIZNESS_DRAIN_SECONDS: /)])
})

it.each(['10.0.0.1', '10.0.0.0/33', '10.0.0.1/24', 'proxy.example'])('says that %j is no network', (text) => {
  const read = readConfig({ EBIZNESS_TRUSTED_PROXIES: text }, 'test')
  expect(read.ok ? [] : read.error).toEqual([expect.stringMatching(/^EBIZNESS_TRUSTED_PROXIES: /)])
})
