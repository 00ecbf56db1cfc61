export { sameBytes, sha256, sha256Hex } from './compare.ts'
export { type Keyring, NoKey, openKeyring } from './keyring.ts'
export {
  clientMaterial,
  factsOf,
  isFixture,
  type KeyMaterial,
  materialFromText,
  materialToText,
  privateKeyMaterial,
  publicHalf,
  publicKeyMaterial,
  secretMaterial,
} from './keys.ts'
export {
  CannotOpen,
  countSealed,
  type MasterKeys,
  openSealer,
  parseMasterKeys,
  type SealedCount,
  type Sealer,
  sealAnew,
} from './sealed.ts'
