// Builds dist/: TypeScript by tsc, the stylesheet by Sass, and the files that code reads beside itself (SQL, logos, vectors, demo fixtures).
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAssets } from './build-assets.mjs'

const root = dirname(fileURLToPath(import.meta.url))
process.chdir(root)
rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
buildAssets('dist/platform/html/assets')

const READ_AT_RUN_TIME = /\/vectors\/[^/]+\.json$|\.(sql|svg|pem|txt|yaml|css|js)$/
const copy = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const from = join(folder, entry.name)
    if (entry.isDirectory()) copy(from)
    else if (READ_AT_RUN_TIME.test(from)) {
      const to = join('dist', from.slice('src/'.length))
      mkdirSync(dirname(to), { recursive: true })
      cpSync(from, to)
    }
  }
}
copy('src')
chmodSync('dist/app/cli.js', 0o755)
