import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Exported } from '../../merchants/index.ts'
import { badInput, EXIT, type Exit, print, printJson, say } from './output.ts'
import { noticeAddresses, withSession } from './session.ts'

/** The configuration as a file again: to keep beside the code, to compare, to begin a change from. */

const FILE = 'cma.yaml'

export type ExportOptions = { readonly json?: boolean; readonly to?: string }

export const exportConfiguration = (options: ExportOptions): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const exported = await composed.merchants.exportFile(noticeAddresses(composed.notices))
    if (options.to !== undefined) await writeInto(options.to, exported, options.json ?? false)
    else if (options.json) printJson(asJson(exported))
    else show(exported)
    return EXIT.done
  })

const asJson = ({ yaml, files }: Exported) => ({
  yaml,
  files: files.map(({ path, bytes }) => ({ path, base64: Buffer.from(bytes).toString('base64') })),
})

const show = ({ yaml, files }: Exported): void => {
  print(yaml)
  if (files.length > 0)
    say(`The file names ${files.length} file(s) that are not shown here: --to <folder> writes them beside it.`)
}

/** Pictures and keys first: a folder with a `cma.yaml` is whole. Nothing that is there already is written over. */
const writeInto = async (folder: string, { yaml, files }: Exported, json: boolean): Promise<void> => {
  const wanted = [...files, { path: FILE, bytes: Buffer.from(yaml) }]
  const inTheWay: string[] = []
  for (const { path } of wanted) if (await exists(join(folder, path))) inTheWay.push(join(folder, path))
  if (inTheWay.length > 0)
    throw badInput(`nothing was written, for these are there already: ${inTheWay.join(', ')}. Name an empty folder`)
  for (const { path, bytes } of wanted) await writeNew(join(folder, path), bytes)
  const written = wanted.map(({ path }) => join(folder, path))
  if (json) printJson({ written })
  else print(written.join('\n'))
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const writeNew = async (path: string, bytes: Uint8Array): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes, { flag: 'wx' })
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : String(fault)
    throw badInput(`${path} cannot be written (${why}): name a folder that you may write to`)
  }
}
