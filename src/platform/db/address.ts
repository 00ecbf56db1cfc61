/** Where PostgreSQL is, read from `DATABASE_URL`. Pure. */

export type DatabaseAddress = {
  /** One connection string for each server named, in the order given; each has everything but the other servers. */
  readonly servers: readonly string[]
  /** False for a pooler that gives each transaction another connection (PgBouncer before 1.21): `?prepare=off`. */
  readonly prepare: boolean
}

const SHAPE = /^(postgres(?:ql)?:\/\/)(?:([^@/?]*)@)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/

/**
 * Reads `postgres://user:password@a:5432,b:5432/name?prepare=off`, or sockets as `postgres://user@localhost/name?host=/folder,/other`
 * (one server each; the writable one will be used). Other parameters are the driver's own, `sslmode` for one.
 * Throws a sentence for a person, which never contains the password.
 */
export const parseDatabaseUrl = (url: string): DatabaseAddress => {
  const match = SHAPE.exec(url.trim())
  if (!match) throw new Error('DATABASE_URL must look like postgres://user:password@host:5432/database')
  const [, scheme = '', credentials, authority = '', path = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  const prepare = parameters.get('prepare') ?? 'on'
  if (prepare !== 'on' && prepare !== 'off') throw new Error('DATABASE_URL: prepare must be "on" or "off"')
  parameters.delete('prepare')
  const sockets = parameters.get('host')?.split(',') ?? []
  parameters.delete('host')
  const before = scheme + (credentials === undefined ? '' : `${credentials}@`)
  const servers =
    sockets.length > 0
      ? sockets.map((folder) => before + (authority || 'localhost') + path + joined(parameters, ['host', folder]))
      : authority.split(',').map((host) => before + (host || 'localhost') + path + joined(parameters))
  return { servers, prepare: prepare === 'on' }
}

const joined = (parameters: URLSearchParams, more?: readonly [string, string]): string => {
  const all = new URLSearchParams(parameters)
  if (more) all.set(...more)
  return all.size === 0 ? '' : `?${all}`
}

/** A server as it may be shown: host and database, never user or password. */
export const shownServer = (server: string): string => {
  const { hostname, port, pathname, searchParams } = new URL(server)
  return `${searchParams.get('host') ?? hostname}${port ? `:${port}` : ''}${pathname}`
}
