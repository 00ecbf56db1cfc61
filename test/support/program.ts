import { type ChildProcess, type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { onceInRun } from './seed.ts'

const ROOT = join(import.meta.dirname, '../..')
const BUILT_FROM = [
  'src',
  'docs/integrating/examples',
  'build.mjs',
  'build-assets.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
]

/** The tree as `npm run build` makes it, from the sources as they are now: what lies in `dist/` may be older. Any user may run it. */
export const builtTree = (): Promise<string> =>
  onceInRun('program', async (draft) => {
    for (const name of BUILT_FROM) cpSync(join(ROOT, name), join(draft, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(draft, 'node_modules'))
    execFileSync(process.execPath, ['build.mjs'], { cwd: draft, stdio: 'inherit' })
    execFileSync('chmod', ['-R', 'go+rX', draft])
  })

export type ProgramOptions = {
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  /** What Node runs; the command line as it is built from the sources when absent. */
  readonly program?: string
  /** Under which user; the test's own when absent. */
  readonly uid?: number
}

export type Program = {
  readonly child: ChildProcess
  /** Everything it has said so far. */
  readonly said: () => string
  /** Waits for a line that fits; throws when it ends without one. */
  says(line: RegExp): Promise<RegExpExecArray>
  ends(): Promise<{ readonly code: number | null; readonly said: string }>
  /** Asks it to end, and waits until it has. */
  stop(): Promise<number | null>
  kill(): Promise<void>
}

/** Runs `ebizness …` as a person would in this folder. Ports are free ones unless told else. */
export const runProgram = async (args: readonly string[], options: ProgramOptions): Promise<Program> => {
  const { folder, uid, env = {}, program = join(await builtTree(), 'dist/app/cli.js') } = options
  return watched(
    spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    }),
  )
}

/** Runs a program of the documents, which finds the built package by its name. */
export const runExample = async (file: string, env: Readonly<Record<string, string>>): Promise<Program> => {
  const tree = await builtTree()
  return watched(
    spawn(process.execPath, [join(tree, file)], {
      cwd: tree,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

const watched = (child: ChildProcessByStdio<null, Readable, Readable>): Program => {
  let said = ''
  let heard = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      heard()
    })
  }
  const closed = once(child, 'close')
  const gone = (): boolean => child.exitCode !== null || child.signalCode !== null
  const signalled = async (signal: NodeJS.Signals): Promise<void> => {
    if (!gone()) child.kill(signal)
    await closed
  }
  return {
    child,
    said: () => said,
    says: async (line) => {
      for (;;) {
        const found = line.exec(said)
        if (found) return found
        if (gone()) throw new Error(`ended with ${child.exitCode} and said: ${said}`)
        await Promise.race([
          closed,
          new Promise<void>((resolve) => {
            heard = resolve
          }),
        ])
      }
    },
    ends: async () => {
      await closed
      return { code: child.exitCode, said }
    },
    stop: async () => {
      await signalled('SIGTERM')
      return child.exitCode
    },
    kill: () => signalled('SIGKILL'),
  }
}
