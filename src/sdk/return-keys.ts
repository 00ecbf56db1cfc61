import type { PublicJwk } from './jws.ts'

/** As long as the hub lets its key set be kept. */
const KEPT_MS = 300_000
/** A rotated key shows itself by an unknown name; so does every forged token, which must not lead to the hub each time. */
const AGAIN_MS = 60_000
/** A hub that could not be asked is asked again sooner, since then nothing can be believed. */
const AGAIN_AFTER_FAILURE_MS = 5_000

type Known = { readonly at: number; readonly keys: readonly PublicJwk[] }
type Asked = { readonly at: number; readonly answered: boolean }

/** The hub's keys of return tokens, kept. Many who ask at once make one call; who cannot be answered gets those known last. */
export const keepReturnKeys = (fetchKeys: () => Promise<readonly PublicJwk[] | undefined>) => {
  let known: Known | undefined
  let asked: Asked | undefined
  let asking: Promise<void> | undefined

  const ask = async (now: number): Promise<void> => {
    const keys = await fetchKeys()
    asked = { at: now, answered: keys !== undefined }
    if (keys) known = { at: now, keys }
  }

  return async (kid: string, now: number): Promise<readonly PublicJwk[]> => {
    const holds = known?.keys.some((key) => key.kid === kid) === true
    const fresh = holds && isWithin(known?.at, now, KEPT_MS)
    const lately = isWithin(asked?.at, now, asked?.answered === false ? AGAIN_AFTER_FAILURE_MS : AGAIN_MS)
    if (!fresh && (asking || !lately)) {
      asking ??= ask(now).finally(() => {
        asking = undefined
      })
      await asking
    }
    return known?.keys ?? []
  }
}

/** A clock that was set back makes everything old, not young for ever. */
const isWithin = (at: number | undefined, now: number, ms: number): boolean =>
  at !== undefined && now >= at && now - at < ms
