/** Names of this machine itself, as `URL.hostname` writes them. Where plain http is for test mode, it is for these. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

export const isLoopbackHost = (hostname: string): boolean => LOOPBACK.test(hostname)
