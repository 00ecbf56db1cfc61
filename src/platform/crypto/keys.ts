import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { fail, ok, type Result } from '../../kernel/result.ts'
import { type Secret, secret } from '../../kernel/secret.ts'
import { type Instant, parseCertificateTime } from '../../kernel/time.ts'
import { sha256Hex } from './compare.ts'
import { isFixtureKey } from './fixture-fingerprints.ts'

/** A key as it is stored: texts in one canonical form, so that equal keys are equal texts. */
export type KeyMaterial =
  /** PKCS #8 PEM. */
  | { readonly kind: 'private'; readonly pem: Secret }
  /** SPKI PEM, or the PEM of a certificate that holds the key. */
  | { readonly kind: 'public'; readonly pem: string }
  | { readonly kind: 'secret'; readonly value: Secret }
  /** For mutual TLS: certificate (with its chain) and PKCS #8 key. */
  | { readonly kind: 'client'; readonly certificate: string; readonly privateKey: Secret }

/** What may be shown of a key. */
export type KeyFacts = {
  /** SHA-256 of the public half (SPKI DER), hexadecimal; a secret has none. */
  readonly fingerprint?: string
  /** End of the certificate, where there is one. */
  readonly notAfter?: Instant
}

/** Some banks still sign with 1024 bits; anything shorter can be forged at home. */
const MIN_RSA_BITS = 1024
const MIN_SECRET_LENGTH = 8
const MAX_SECRET_LENGTH = 4096

/** What a protocol signs with; where it is named, a key of another type is refused. */
export type KeyType = 'rsa' | 'ed25519'

/** Our own key, from PEM without a passphrase (text around the block is ignored). Errors: a sentence. */
export const privateKeyMaterial = (pem: string, type?: KeyType): Result<KeyMaterial, string> => {
  const key = readPrivate(pem, type)
  if (!key.ok) return key
  return ok({ kind: 'private', pem: secret(exported(key.value)) })
}

/** A bank's key, from the PEM of a public key or of a certificate. Errors: a sentence. */
export const publicKeyMaterial = (pem: string, type?: KeyType): Result<KeyMaterial, string> => {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return fail('this is a private key; the public key or a certificate is wanted')
  try {
    if (pem.includes('-----BEGIN CERTIFICATE-----')) {
      const certificate = new X509Certificate(pem)
      const weakness = weaknessOf(certificate.publicKey, type)
      return weakness ? fail(weakness) : ok({ kind: 'public', pem: certificate.toString() })
    }
    const key = createPublicKey(pem)
    const weakness = weaknessOf(key, type)
    return weakness ? fail(weakness) : ok({ kind: 'public', pem: exported(key) })
  } catch {
    return fail('this is not the PEM of a public key or of a certificate')
  }
}

/** A shared secret; white space around it (the last line of a file) is not part of it. Errors: a sentence. */
export const secretMaterial = (text: string): Result<KeyMaterial, string> => {
  const value = text.trim()
  if (value.length < MIN_SECRET_LENGTH) return fail(`a secret has at least ${MIN_SECRET_LENGTH} characters`)
  if (value.length > MAX_SECRET_LENGTH) return fail(`a secret has at most ${MAX_SECRET_LENGTH} characters`)
  return ok({ kind: 'secret', value: secret(value) })
}

/** Certificate and key for mutual TLS; they must belong together. Errors: a sentence. */
export const clientMaterial = (certificate: string, privateKey: string): Result<KeyMaterial, string> => {
  const key = readPrivate(privateKey)
  if (!key.ok) return key
  const chain = certificate.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    const certificates = chain.map((pem) => new X509Certificate(pem))
    const own = certificates[0]
    if (!own) return fail('this is not the PEM of a certificate')
    if (!own.checkPrivateKey(key.value)) return fail('the certificate is of another key')
    return ok({ kind: 'client', certificate: certificates.join(''), privateKey: secret(exported(key.value)) })
  } catch {
    return fail('this is not the PEM of a certificate')
  }
}

export const factsOf = (material: KeyMaterial): KeyFacts => {
  switch (material.kind) {
    case 'secret':
      return {}
    case 'private':
      return { fingerprint: fingerprintOf(createPrivateKey(material.pem.reveal())) }
    case 'client':
      return certificateFacts(material.certificate)
    case 'public':
      return material.pem.includes('BEGIN CERTIFICATE')
        ? certificateFacts(material.pem)
        : { fingerprint: fingerprintOf(createPublicKey(material.pem)) }
  }
}

/** What the other side is given: the PEM of the public half, or of the certificate. A shared secret has none. */
export const publicHalf = (material: KeyMaterial): string | undefined => {
  switch (material.kind) {
    case 'private':
      return exported(createPublicKey(material.pem.reveal()))
    case 'public':
      return material.pem
    case 'client':
      return material.certificate
    case 'secret':
      return undefined
  }
}

/** Whether it is one of the keys that ship with the source: anybody can sign with those. */
export const isFixture = (material: KeyMaterial): boolean =>
  isFixtureKey(material.kind === 'secret' ? sha256Hex(material.value.reveal()) : (factsOf(material).fingerprint ?? ''))

const certificateFacts = (pem: string): KeyFacts => {
  const certificate = new X509Certificate(pem)
  const notAfter = parseCertificateTime(certificate.validTo)
  return { fingerprint: fingerprintOf(certificate.publicKey), ...(notAfter === undefined ? {} : { notAfter }) }
}

/** SHA-256 of the SPKI DER of a key's public half, hexadecimal. */
const fingerprintOf = (key: KeyObject): string => {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return sha256Hex(half.export({ type: 'spki', format: 'der' }))
}

/** One text, to be sealed. */
export const materialToText = (material: KeyMaterial): string => {
  switch (material.kind) {
    case 'private':
      return material.pem.reveal()
    case 'public':
      return material.pem
    case 'secret':
      return material.value.reveal()
    case 'client':
      return material.certificate + material.privateKey.reveal()
  }
}

/** The reverse of `materialToText`; the text was canonical when it was sealed. */
export const materialFromText = (kind: KeyMaterial['kind'], text: string): KeyMaterial => {
  switch (kind) {
    case 'private':
      return { kind, pem: secret(text) }
    case 'public':
      return { kind, pem: text }
    case 'secret':
      return { kind, value: secret(text) }
    case 'client': {
      const start = text.indexOf('-----BEGIN PRIVATE KEY-----')
      return { kind, certificate: text.slice(0, start), privateKey: secret(text.slice(start)) }
    }
  }
}

const readPrivate = (pem: string, type?: KeyType): Result<KeyObject, string> => {
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    return fail('this private key has a passphrase; take it off (openssl pkey) and guard the file instead')
  }
  try {
    const key = createPrivateKey(pem)
    const weakness = weaknessOf(key, type)
    return weakness ? fail(weakness) : ok(key)
  } catch {
    return fail('this is not the PEM of a private key')
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = { rsa: 'RSA', ed25519: 'Ed25519', ec: 'elliptic curve' }

const weaknessOf = (key: KeyObject, wanted?: KeyType): string | undefined => {
  const type = key.asymmetricKeyType
  if (wanted !== undefined && type !== wanted)
    return `this is an ${TYPE_NAMES[type ?? ''] ?? type} key; an ${TYPE_NAMES[wanted]} key is wanted`
  if (type === 'rsa') {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return bits < MIN_RSA_BITS ? `this RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are needed` : undefined
  }
  if (type === 'ed25519') return undefined
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (type === 'ec' && (curve === 'prime256v1' || curve === 'secp384r1')) return undefined
  return `a key of the kind ${curve ?? type} is not used here: RSA, P-256, P-384 or Ed25519 is`
}

const exported = (key: KeyObject): string => {
  const pem =
    key.type === 'private' ? key.export({ type: 'pkcs8', format: 'pem' }) : key.export({ type: 'spki', format: 'pem' })
  return pem.toString()
}
