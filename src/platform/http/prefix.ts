/** A hub that shares its host with other programs lives below a path of its public address: `https://town.example/payments`. */

/** That path, without a slash at the end; empty when the hub has the host to itself. */
export const pathOf = (publicUrl: string): string => new URL(publicUrl).pathname.replace(/\/+$/, '')

/** What the hub's own addresses begin with: a path that begins so could be told neither from inside nor from outside. */
const OWN = new Set(['v1', 'pay', 'psp', 'assets', 'look', 'docs', 'healthz', 'readyz', 'metrics', '.well-known'])

/** Why a hub cannot live at this address; undefined when it can. */
export const faultOfPublicUrl = (text: string): string | undefined => {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.search !== '' || url.hash !== '') return 'must not have a part after ? or #'
  const path = pathOf(text)
  if (!/^(\/[\w.~-]+)*$/.test(path)) return 'its path may hold letters, digits and . _ ~ - between single slashes'
  const first = path.split('/')[1] ?? ''
  return OWN.has(first) ? `/${first} is an address of the hub's own: choose another path, e.g. /payments` : undefined
}

/**
 * The request as the hub's routes know it. Some servers and proxies take the path off before they hand a request on and some do not:
 * both are understood.
 */
export const withoutPath = (path: string, request: Request): Request => {
  if (path === '') return request
  const url = new URL(request.url)
  if (url.pathname !== path && !url.pathname.startsWith(`${path}/`)) return request
  const rest = url.pathname.slice(path.length) || '/'
  return new Request(url.origin + rest + url.search, request)
}
