import { describe, expect, it } from 'vitest'
import { faultOfPublicUrl, pathOf, withoutPath } from './prefix.ts'

describe('the address a hub lives at', () => {
  it.each([
    ['https://pay.example', ''],
    ['https://pay.example/', ''],
    ['https://town.example/payments', '/payments'],
    ['https://town.example/e/payments/', '/e/payments'],
  ])('%s has the path "%s"', (url, path) => {
    expect(faultOfPublicUrl(url)).toBeUndefined()
    expect(pathOf(url)).toBe(path)
  })

  it.each([
    ['https://town.example/pay', '/pay is an address of the hub'],
    ['https://town.example/v1/hub', '/v1 is an address of the hub'],
    ['https://town.example/a//b', 'single slashes'],
    ['https://town.example/b%20c', 'letters, digits'],
    ['https://town.example/hub?x=1', 'after ? or #'],
    ['https://town.example/hub#x', 'after ? or #'],
    ['https://anna:secret@town.example', 'user name'],
  ])('%s is refused', (url, why) => {
    expect(faultOfPublicUrl(url)).toContain(why)
  })
})

describe('a request below a path', () => {
  it.each([
    ['', '/v1/payments?limit=1', '/v1/payments?limit=1'],
    ['/hub', '/hub/v1/payments?limit=1', '/v1/payments?limit=1'],
    ['/hub', '/v1/payments', '/v1/payments'],
    ['/hub', '/hub', '/'],
    ['/hub', '/hubs/v1', '/hubs/v1'],
    ['/hub', '/hub/look/a%2Fb', '/look/a%2Fb'],
  ])('below "%s", %s is %s', (path, asked, known) => {
    expect(withoutPath(path, new Request(`https://town.example${asked}`)).url).toBe(`https://town.example${known}`)
  })

  it('keeps method, headers and body', async () => {
    const posted = new Request('https://town.example/hub/pay', {
      method: 'POST',
      body: 'order=1',
      headers: { 'x-a': 'b' },
    })
    const known = withoutPath('/hub', posted)
    expect([known.method, known.headers.get('x-a'), await known.text()]).toEqual(['POST', 'b', 'order=1'])
  })
})
