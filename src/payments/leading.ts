import type { Step } from '../channels/channel.ts'
import { isLoopbackHost } from '../platform/http/loopback.ts'

export type PayerStep = Extract<Step, { step: 'redirect' | 'form' }>

/**
 * Why a payer's browser must not be sent where a channel's step leads; undefined when it may. The address may be the PSP's word and not
 * ours, so it is judged here for all channels: https, or plain http to this machine in test mode, where simulated banks live.
 */
export const faultOfStep = ({ url }: Pick<PayerStep, 'url'>, mode: 'test' | 'live'): string | undefined => {
  if (!/^[\x21-\x7e]+$/.test(url) || !URL.canParse(url)) return 'it is not an address'
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') return 'it holds a user name or password'
  if (protocol === 'https:' || (protocol === 'http:' && mode === 'test' && isLoopbackHost(hostname))) return undefined
  return mode === 'test' ? 'it is neither https nor http to this machine' : 'it is not https'
}
