import { fail, ok, type Result } from '../kernel/result.ts'

/**
 * What a process may do. `payments`: the API, the payer's pages, what banks send, and the payments' jobs. `notices`: delivering to
 * e-services. Who the merchants are is known to every process.
 */
export const MODULES = ['payments', 'notices'] as const
export type ModuleName = (typeof MODULES)[number]

const isModule = (name: string): name is ModuleName => MODULES.some((one) => one === name)

/** From `payments,notices`; all of them when nothing is given. Errors: one sentence. */
export const readModules = (text: string | undefined): Result<readonly ModuleName[], string> => {
  if (text === undefined) return ok(MODULES)
  const names = text.split(',').map((name) => name.trim())
  const known = names.filter(isModule)
  const odd = names.filter((name) => !isModule(name))
  return odd.length === 0
    ? ok(known)
    : fail(`--modules: there is no module "${odd.join('", "')}": name one or more of ${MODULES.join(',')}`)
}
