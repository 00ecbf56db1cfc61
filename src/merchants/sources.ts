import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fail, ok, type Result } from '../kernel/result.ts'

/** Where the files and variables named in `cma.yaml` are read from. Errors are sentences for whoever wrote the name. */
export type Sources = {
  file(path: string, maxBytes: number): Promise<Result<Uint8Array, string>>
  env(name: string): Result<string, string>
}

/** Files relative to a folder, variables from the given environment. */
export const sourcesIn = (folder: string, environment: Readonly<Record<string, string | undefined>>): Sources => ({
  async file(path, maxBytes) {
    try {
      const { size } = await stat(resolve(folder, path))
      if (size > maxBytes) return fail(`the file ${path} has ${size} bytes; at most ${maxBytes} are taken`)
      return ok(await readFile(resolve(folder, path)))
    } catch (error) {
      return fail(`the file ${path} cannot be read (${codeOf(error)}); paths are relative to ${folder}`)
    }
  },
  env(name) {
    const value = environment[name]
    return value === undefined || value === '' ? fail(`the environment has no variable ${name}`) : ok(value)
  },
})

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'not readable'
