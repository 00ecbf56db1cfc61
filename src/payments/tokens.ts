import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import { base32 } from '../kernel/ids.ts'
import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { countSealed, type SealedCount, sealAnew } from '../platform/crypto/index.ts'
import type { PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import type { Receipt } from './receipts/schemas.ts'
import {
  deleteSigningKey,
  insertFirstSigningKey,
  insertSigningKey,
  type PaymentRow,
  resealSigningKey,
  type SigningKeyRow,
  signingKeys,
} from './store/index.ts'

/** How long an e-service may trust a return for what it shows. */
const TOKEN_LIVES_MS = 10 * MINUTE_MS
/** For a hub of the release before this one, which stops showing a former key then: longer than any token lives. */
const FORMER_KEY_SHOWN_MS = DAY_MS
/** A new key is shown this long before it signs: longer than other nodes use the set they read and verifiers keep theirs (max-age 300). */
const SHOWN_BEFORE_MS = 6 * MINUTE_MS
const RECEIPT_TYPE = 'ebizness-receipt+jws'
/** How long this process uses the set it read, so that a rotation elsewhere is noticed. */
const KEYS_KNOWN_MS = 30 * SECOND_MS

type KeyHub = Pick<Hub, 'db' | 'sealer' | 'clock' | 'random' | 'publicUrl'>
type Keys = { readonly readAt: Instant; readonly rows: readonly SigningKeyRow[] }

/** Signs what the payer's browser carries back to the e-service, and receipts; the public halves are at `/.well-known/jwks.json`. */
export type Tokens = {
  sign(row: PaymentRow, state: PaymentState): Promise<string>
  /** A compact JWS without an end: a receipt is kept for years. Its type keeps it apart from what a payer brings back. */
  signReceipt(receipt: Receipt): Promise<string>
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>
  /** A new key, shown at once; the former one signs until `signsFrom`, and cannot any more from `formerUntil` on. Its public half is shown on: receipts are kept for years. */
  rotate(): Promise<{ readonly signsFrom: Instant; readonly formerUntil: Instant }>
  /** Whether the keys that can sign open. */
  sealed(): Promise<SealedCount>
  /** Seals every key under the newest master key; what was done before an interruption stays done. Returns how many. */
  reseal(): Promise<number>
  /** For a key that was stolen: nothing that it signed is genuine any more. False: there is no such key. */
  withdraw(id: string): Promise<boolean>
}

const about = (id: string): readonly string[] => ['payments', 'signing-key', id]

const canSign = ({ privateKey }: SigningKeyRow): boolean => privateKey !== ''

const makeKey = async (hub: KeyHub, signsFrom: Instant): Promise<SigningKeyRow> => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwk = await exportJWK(publicKey)
  const id = (await calculateJwkThumbprint(jwk)).slice(0, 16)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    id,
    privateKey: hub.sealer.seal(pem, about(id)),
    publicJwk: { ...jwk, kid: id, alg: 'EdDSA', use: 'sig' },
    signsFrom,
    shownUntil: null,
  }
}

export const openTokens = (hub: KeyHub): Tokens => {
  let known: Keys | undefined
  const keys = async (): Promise<Keys> => {
    const now = hub.clock.now()
    if (known && now < known.readAt + KEYS_KNOWN_MS && now >= known.readAt) return known
    let rows = await signingKeys(hub.db)
    if (!rows.some(canSign)) {
      await insertFirstSigningKey(hub.db, await makeKey(hub, now))
      rows = await signingKeys(hub.db)
    }
    known = { readAt: now, rows }
    return known
  }
  const signing = async (): Promise<{ readonly id: string; readonly privateKey: KeyObject }> => {
    const able = (await keys()).rows.filter(canSign)
    const now = hub.clock.now()
    // Newest first. A first key made by a node whose clock is ahead signs all the same.
    const key = able.find((one) => one.signsFrom <= now) ?? able.at(-1)
    if (!key) throw new Error('no key signs return tokens')
    return { id: key.id, privateKey: createPrivateKey(hub.sealer.open(key.privateKey, about(key.id)).reveal()) }
  }
  return {
    sign: async (row, state) => {
      const key = await signing()
      const now = Math.floor(hub.clock.now() / SECOND_MS)
      return new SignJWT({ reference: row.reference, status: state.status })
        .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: 'JWT' })
        .setIssuer(hub.publicUrl)
        .setAudience(row.eService)
        .setSubject(row.id)
        .setIssuedAt(now)
        .setExpirationTime(now + TOKEN_LIVES_MS / SECOND_MS)
        .setJti(base32(hub.random(10)))
        .sign(key.privateKey)
    },
    signReceipt: async (receipt) => {
      const key = await signing()
      return new CompactSign(Buffer.from(JSON.stringify(receipt)))
        .setProtectedHeader({ alg: 'EdDSA', kid: key.id, typ: RECEIPT_TYPE })
        .sign(key.privateKey)
    },
    jwks: async () => {
      const { rows } = await keys()
      return { keys: rows.map((row) => row.publicJwk) }
    },
    rotate: async () => {
      const now = hub.clock.now()
      const signsFrom = now + SHOWN_BEFORE_MS
      const formerUntil = signsFrom + FORMER_KEY_SHOWN_MS
      await keys()
      await insertSigningKey(hub.db, await makeKey(hub, signsFrom), formerUntil)
      known = undefined
      return { signsFrom, formerUntil }
    },
    sealed: async () =>
      countSealed(
        hub.sealer,
        (await signingKeys(hub.db))
          .filter(canSign)
          .map(({ id, privateKey }) => ({ sealed: privateKey, about: about(id) })),
      ),
    reseal: async () => {
      let count = 0
      for (const key of await signingKeys(hub.db)) {
        if (!canSign(key) || hub.sealer.isCurrent(key.privateKey)) continue
        const resealed = await resealSigningKey(hub.db, key, sealAnew(hub.sealer, key.privateKey, about(key.id)))
        count += resealed ? 1 : 0
      }
      known = undefined
      return count
    },
    withdraw: async (id) => {
      const gone = await deleteSigningKey(hub.db, id)
      known = undefined
      return gone
    },
  }
}

/** Where the payer goes back to: the registered address with what happened and the token that proves it. */
export const returnAddress = async (tokens: Tokens, row: PaymentRow, state: PaymentState): Promise<string> => {
  const address = new URL(row.details.returnUrl)
  address.searchParams.set('payment', row.id)
  address.searchParams.set('reference', row.reference)
  address.searchParams.set('status', state.status)
  address.searchParams.set('token', await tokens.sign(row, state))
  return address.href
}
