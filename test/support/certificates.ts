import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openTempFolder } from './test-server.ts'

/** A certification authority for one test file: throw-away keys, made when it starts. Nobody trusts it who is not told to. */
export type Authority = {
  /** PEM. */
  readonly certificate: string
  issue(certificate: Wanted): Pair
  stop(): void
}

export type Pair = { readonly certificate: string; readonly privateKey: string }

export type Wanted = {
  readonly name: string
  /** As openssl writes them: `DNS:bank.example`, `IP:127.0.0.1`. */
  readonly subjectAltName: string
  /** How long it is valid; negative when its time is over. */
  readonly days?: number
  /** Vouched for by nobody but itself. */
  readonly selfSigned?: boolean
}

export const openAuthority = (): Authority => {
  const folder = openTempFolder('ebizness-certificates-')
  const openssl = (...parts: readonly string[]) => execFileSync('openssl', parts, { cwd: folder, stdio: 'ignore' })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout']
  openssl('req', '-x509', ...key, 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2')
  return {
    certificate: read('ca.pem'),
    issue: ({ name, subjectAltName, days = 2, selfSigned = false }) => {
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjectAltName}`]
      const time = ['-days', String(days)]
      if (selfSigned) openssl('req', '-x509', ...key, 'own.key', '-out', 'own.pem', ...subject, ...time)
      else {
        openssl('req', ...key, 'own.key', '-out', 'own.csr', ...subject)
        const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-copy_extensions', 'copy']
        openssl('x509', '-req', '-in', 'own.csr', ...by, '-out', 'own.pem', ...time)
      }
      return { certificate: read('own.pem'), privateKey: read('own.key') }
    },
    stop: () => rmSync(folder, { recursive: true }),
  }
}
