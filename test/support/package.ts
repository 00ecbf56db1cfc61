import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { builtTree } from './program.ts'
import { onceInRun } from './seed.ts'

/** The package as a stranger gets it: packed by npm, unpacked into a project that has nothing else but what the package asks for. */
export type Installed = {
  /** The project's folder. */
  readonly folder: string
  readonly files: readonly string[]
  readonly packedBytes: number
}

const ROOT = join(import.meta.dirname, '../..')
/** What a stranger's project has beside the package: to check types, and another server. */
const BESIDE = ['typescript', '@types/node', 'undici-types', 'express']

const Dependencies = z.record(z.string(), z.string()).default({})
const PackageFile = z.object({ dependencies: Dependencies, optionalDependencies: Dependencies })
const PackList = z.tuple([
  z.object({ filename: z.string(), size: z.number(), files: z.array(z.object({ path: z.string() })) }),
])

/** Made once for all tests of a run. No network: dependencies are the tree's own, and only those that the package names. */
export const installPackage = async (): Promise<Installed> => {
  const built = await builtTree()
  const made = await onceInRun('package', async (draft) => {
    const tree = join(draft, 'tree')
    cpSync(join(built, 'dist'), join(tree, 'dist'), { recursive: true })
    cpSync(join(ROOT, 'docs'), join(tree, 'docs'), { recursive: true })
    const texts = readdirSync(ROOT).filter((name) => name === 'package.json' || /^[A-Z]+(\.md)?$/.test(name))
    for (const name of texts) cpSync(join(ROOT, name), join(tree, name))
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', draft]
    const list = execFileSync('npm', pack, { cwd: tree, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    writeFileSync(join(draft, 'list.json'), list)
    const project = join(draft, 'project')
    const home = join(project, 'node_modules/ebizness')
    mkdirSync(home, { recursive: true })
    const [{ filename }] = PackList.parse(JSON.parse(list))
    execFileSync('tar', ['-xzf', join(draft, filename), '-C', home, '--strip-components=1'])
    writeFileSync(join(project, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }')
    const wants = PackageFile.parse(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')))
    const names = [...Object.keys({ ...wants.dependencies, ...wants.optionalDependencies }), ...BESIDE]
    for (const name of names) link(name, project)
    execFileSync('chmod', ['-R', 'go+rX', draft])
  })
  const [{ size, files }] = PackList.parse(JSON.parse(readFileSync(join(made, 'list.json'), 'utf8')))
  return { folder: join(made, 'project'), files: files.map(({ path }) => path), packedBytes: size }
}

const link = (name: string, project: string): void => {
  const place = join(project, 'node_modules', name)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', name), place)
}
