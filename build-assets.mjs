// Sass → compressed stylesheets, with the script and the icon that the pages load, in one folder.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from 'sass'

const root = dirname(fileURLToPath(import.meta.url))
const sources = join(root, 'src/platform/html/assets')

/** Writes `pay.css`, `reference.css`, `pay.js` and `icon.svg` into `outDir`, making it if need be. */
export const buildAssets = (outDir) => {
  mkdirSync(outDir, { recursive: true })
  for (const sheet of ['pay', 'reference']) {
    const { css } = compile(join(sources, `${sheet}.scss`), {
      style: 'compressed',
      loadPaths: [join(root, 'node_modules')],
      quietDeps: true,
    })
    writeFileSync(join(outDir, `${sheet}.css`), css)
  }
  for (const file of ['pay.js', 'icon.svg']) copyFileSync(join(sources, file), join(outDir, file))
}
