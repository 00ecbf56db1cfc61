/**
 * SHA-256 fingerprints of every key that ships with the source as a test fixture: anybody can sign with them, so outside test mode an
 * agreement that uses one is refused. Of a key pair the public half counts (SPKI DER), of a shared secret its text (UTF-8).
 */
const FIXTURES: ReadonlySet<string> = new Set([
  // eglupe-swedbank.pem
  '8aaddc8b8751ef47463872f6330f1d7d46c5d41ce17e6b5d60c82168c8f0bf2f',
  // liepkalni-seb.pem
  '5f725d17b683f38366ebd64b28f7427985acb9673defd83f5f16dee4542ac0f5',
  // liepkalni-swedbank.pem
  '07a112350c2b76464a9550b1f141c88027e159b8d67b5ffce5d0b984059d943a',
  // sandbox-bank.pem, sandbox-bank.public.pem
  '9b5f0dbb952a0c8abc6b23f91e86f16473c8a2d8a5f3b1e1f6988727ee911195',
  // seb.pem, seb.public.pem
  '379b8eb85f3d5e89dfdee4630ae2dc3093e0ee2456427fb70bbd670b7048f795',
  // seb-next.pem, seb-next.public.pem
  'bc933fa1c7c6c67b7055a2980c0a8e2181f2bd89ce35da56b522893458bce925',
  // stranger-ed25519.pem
  '21b328730d1515f95529c5421f81813fafd760dc347137d3a94ad7fb00870a19',
  // stranger.pem
  '52a389d5520d527d7170135c0ebf894d427c2f0689670c6d9fdbc9dd5e7a3ba1',
  // swedbank-next.pem, swedbank-next.public.pem
  'a29c7d5f95eb7ef75351c0f6d74c06cebcd67a66cf21645500ba83b79f3c334b',
  // swedbank.pem, swedbank.public.pem
  '1d1890e9675005209221d9fbab110186ebbe2ad8bc8134eafa3710d0fd7bb2d4',
  // eglupe-sandbox-api.txt
  '4c0181c5b9ac15b7b8bb8b67d056fabe5d4c5fc5fe1d19eb5660fa54e532d352',
  // liepkalni-sandbox-api.txt
  'e9d31b8a1571dd9e1be0e08271d898c0f7cafca85106c1480afefd57a0de4dfa',
])

/** Whether this is the fingerprint (64 lower-case hexadecimal digits) of a shipped test key. */
export const isFixtureKey = (fingerprint: string): boolean => FIXTURES.has(fingerprint)

/** For the test that holds this list against the files. */
export const fixtureFingerprints = (): readonly string[] => [...FIXTURES]
