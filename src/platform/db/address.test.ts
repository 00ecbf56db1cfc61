import { describe, expect, it } from 'vitest'
import { parseDatabaseUrl, shownServer } from './address.ts'

describe('DATABASE_URL', () => {
  it.each<[string, string, readonly string[], boolean]>([
    ['one server', 'postgres://u:p@db:5432/hub', ['postgres://u:p@db:5432/hub'], true],
    ['no user, no port', 'postgresql://db/hub', ['postgresql://db/hub'], true],
    ['several', 'postgres://u:p@a:5432,b:5433/hub', ['postgres://u:p@a:5432/hub', 'postgres://u:p@b:5433/hub'], true],
    [
      'the driver’s own parameters',
      'postgres://a,b/hub?sslmode=verify-full',
      ['postgres://a/hub?sslmode=verify-full', 'postgres://b/hub?sslmode=verify-full'],
      true,
    ],
    ['an old pooler', 'postgres://a/hub?prepare=off&sslmode=require', ['postgres://a/hub?sslmode=require'], false],
    ['a socket', 'postgres://u@localhost/hub?host=%2Frun%2Fpg', ['postgres://u@localhost/hub?host=%2Frun%2Fpg'], true],
    [
      'two sockets',
      'postgres://u@localhost/hub?host=/a,/b',
      ['postgres://u@localhost/hub?host=%2Fa', 'postgres://u@localhost/hub?host=%2Fb'],
      true,
    ],
    ['IPv6', 'postgres://u@[::1]:5432,[::2]/hub', ['postgres://u@[::1]:5432/hub', 'postgres://u@[::2]/hub'], true],
    ['a password with signs', 'postgres://u:a%40b%2Fc%3F@db/hub', ['postgres://u:a%40b%2Fc%3F@db/hub'], true],
  ])('names %s', (_name, url, servers, prepare) => {
    expect(parseDatabaseUrl(url)).toEqual({ servers, prepare })
  })

  it.each(['', 'mysql://a/b', 'a:5432/hub', 'postgres://u:very-secret@a/hub?prepare=maybe', 'postgres:very-secret'])(
    'is refused in a sentence that does not repeat it: %s',
    (url) => {
      expect(() => parseDatabaseUrl(url)).toThrow(/^DATABASE_URL/)
      expect(() => parseDatabaseUrl(url)).not.toThrow(/very-secret/)
    },
  )

  it('is shown without user and password', () => {
    expect(shownServer('postgres://u:very-secret@db:5432/hub?sslmode=require')).toBe('db:5432/hub')
    expect(shownServer('postgres://u@localhost/hub?host=%2Frun%2Fpg')).toBe('/run/pg/hub')
  })
})
