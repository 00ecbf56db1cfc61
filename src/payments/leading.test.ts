import { describe, expect, it } from 'vitest'
import { faultOfStep } from './leading.ts'

describe('where a step may lead a payer', () => {
  it.each([
    ['https://bank.example/pay?id=1#top', true, true],
    ['https://localhost/pay', true, true],
    ['http://localhost:8081/pay', true, false],
    ['http://127.0.0.1:8081/pay', true, false],
    ['http://[::1]:8081/pay', true, false],
    ['http://bank.example/pay', false, false],
    ['http://localhost.bank.example/pay', false, false],
    ['http://127.0.0.1.bank.example/pay', false, false],
    ['javascript:alert(1)', false, false],
    ['JavaScript:alert(1)', false, false],
    ['data:text/html,hello', false, false],
    ['ftp://localhost/pay', false, false],
    ['//bank.example/pay', false, false],
    ['/pay/other', false, false],
    ['', false, false],
    ['https://', false, false],
    ['https://bank.example@evil.example/pay', false, false],
    ['https://bank.example/pay\r\nset-cookie: a=b', false, false],
    [' https://bank.example/pay', false, false],
    ['https://bank.example/maksā', false, false],
  ])('%j: in test mode %s, in live mode %s', (url, inTest, inLive) => {
    expect([faultOfStep({ url }, 'test') === undefined, faultOfStep({ url }, 'live') === undefined]).toEqual([
      inTest,
      inLive,
    ])
  })
})
