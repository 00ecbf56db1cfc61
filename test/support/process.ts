import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onceInRun } from './seed.ts'

export type Told = {
  readonly url?: string
  readonly error?: string
  readonly did?: string
  readonly log?: readonly string[]
}

export type TestProcess = {
  readonly child: ChildProcess
  /** What it says next. */
  next(): Promise<Told>
  tell(line: string): void
  kill(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSC = `--ignoreConfig --noCheck --skipLibCheck --target es2023 --module nodenext --rewriteRelativeImportExtensions --types node`

/** Node 20 cannot read TypeScript: what the processes run is built once, beside a way to its packages. */
const build = (): Promise<string> =>
  onceInRun('processes', async (draft) => {
    const sources = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('-process.ts'))
      .map((name) => join(import.meta.dirname, name))
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, ...TSC.split(' '), '--rootDir', ROOT, '--outDir', draft, ...sources], {
      cwd: ROOT,
    })
    writeFileSync(join(draft, 'package.json'), '{"type":"module"}')
    symlinkSync(join(ROOT, 'node_modules'), join(draft, 'node_modules'))
    execFileSync('chmod', ['-R', 'go+rX', draft])
  })

/** Runs a `…-process.ts` of this folder in a process of its own, under another user if asked. */
export const startProcess = async (
  name: string,
  args: readonly string[],
  user: { readonly uid: number; readonly gid: number } | undefined = undefined,
): Promise<TestProcess> => {
  const built = await build()
  const child = spawn(process.execPath, [join(built, 'test/support', `${name}.js`), ...args], {
    ...user,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    next: async () => {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} ended without a word`)
      return JSON.parse(value)
    },
    tell: (line) => {
      child.stdin.write(`${line}\n`)
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
