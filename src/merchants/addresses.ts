import { isLoopbackHost } from '../platform/http/loopback.ts'
import type { Mode } from './directory.ts'

/** Why an address a person wrote cannot be used; undefined when it can. Plain http is for this machine, in test mode. */
export const faultOfUrl = (text: string, mode: Mode): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be an address such as https://example.org/path'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.hash !== '') return 'must not have a part after #'
  if (url.protocol === 'https:' || (mode === 'test' && isLoopbackHost(url.hostname))) return undefined
  return mode === 'test' ? 'must be https (http only to this machine, in test mode)' : 'must be https'
}

export const faultOfOrigin = (text: string, mode: Mode): string | undefined => {
  const fault = faultOfUrl(text, mode)
  if (fault !== undefined) return fault
  const { origin } = new URL(text)
  return origin === text ? undefined : `must be an origin, without a path or a slash at the end: write "${origin}"`
}
