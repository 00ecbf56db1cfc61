// node test/restore/run.mjs --payments N
// Prints times and sums; ends with 1 when a cent is missing or anything was done twice, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { snapshot } from '../torture/snapshot.mjs'

const { payments, payers, seed } = new Command('rehearse-restore')
  .description(
    'loses the machine of a hub under load, restores the database to a moment before, and compares the books',
  )
  .option('--payments <count>', 'acknowledged in each of the four steps', Number, 200)
  .option('--payers <count>', 'at once', Number, 16)
  .option('--seed <number>', 'of what payers do', Number, 1)
  .parse()
  .opts()

const say = (line) => process.stderr.write(`${line}\n`)
// Whatever the umask, a folder that the database's user may enter.
const folder = mkdtempSync(join(tmpdir(), 'ebizness-restore-'))
const built = join(folder, 'built')
mkdirSync(built)
for (const path of [folder, built]) chmodSync(path, 0o711)
try {
  const { program, entry } = snapshot(built, 'test/restore/restore.ts')
  const { rehearse, shown } = await import(pathToFileURL(entry).href)
  const report = await rehearse({ program, payers, stepPayments: payments, seed, folder, say })
  process.stdout.write(`${shown(report)}\n`)
  if (report.breaches.length > 0) throw new Error(`not as it must be: what the hubs said is in ${folder}`)
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
} catch (fault) {
  say(fault instanceof Error ? (fault.stack ?? fault.message) : String(fault))
  process.exit(1)
}
