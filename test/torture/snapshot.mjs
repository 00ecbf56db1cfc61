// The tree as it is now, built aside: an hour of kills does not mind what happens to `src/` or `dist/` meanwhile.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAssets } from '../../build-assets.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSC = `--ignoreConfig --noCheck --skipLibCheck --target es2023 --module nodenext --rewriteRelativeImportExtensions --types node`
const READ_AT_RUN_TIME = /\.(sql|svg|pem|txt|yaml|css|js)$/

/** Builds into `folder` and returns the two ways in: the command line, and what is to be run on it. */
export const snapshot = (folder, run = 'test/torture/torture.ts') => {
  const entries = ['src/app/cli.ts', run]
  const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), ...TSC.split(' '), '--rootDir', ROOT, '--outDir', folder]
  execFileSync(process.execPath, [...tsc, ...entries], { cwd: ROOT })
  for (const file of readdirSync(join(ROOT, 'src'), { recursive: true })) {
    if (!READ_AT_RUN_TIME.test(file)) continue
    mkdirSync(dirname(join(folder, 'src', file)), { recursive: true })
    cpSync(join(ROOT, 'src', file), join(folder, 'src', file))
  }
  // From sources the hub takes its stylesheet from `dist/`.
  buildAssets(join(folder, 'dist/platform/html/assets'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { program: join(folder, 'src/app/cli.js'), entry: join(folder, run.replace(/\.ts$/, '.js')) }
}
