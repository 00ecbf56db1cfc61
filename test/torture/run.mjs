// node test/torture/run.mjs --kills 50 --target hub|database --store embedded|postgres --seed N
// Prints what was counted; ends with 1 when anything acknowledged was lost, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, Option } from 'commander'
import { snapshot } from './snapshot.mjs'

const { kills, target, store, seed, payers, careless } = new Command('torture')
  .description('kills the hub or its database under load, and checks that nothing acknowledged is lost')
  .option('--kills <count>', 'how often', Number, 50)
  .addOption(new Option('--target <target>', 'what is killed').choices(['hub', 'database']).default('hub'))
  .addOption(new Option('--store <store>', 'which PostgreSQL').choices(['embedded', 'postgres']).default('embedded'))
  .option('--seed <number>', 'of the moments of the kills and of what payers do', Number, 1)
  .option('--payers <count>', 'at once', Number, 16)
  .option('--careless', 'the database answers before it has written: to see that losses are seen')
  .parse()
  .opts()

// Whatever the umask, a folder that the database's user may enter.
const folder = mkdtempSync(join(tmpdir(), 'ebizness-torture-'))
const built = join(folder, 'built')
mkdirSync(built)
for (const path of [folder, built]) chmodSync(path, 0o711)
const { program, torture } = snapshot(built)
const { torture: run, shown } = await import(pathToFileURL(torture).href)
const say = (line) => process.stderr.write(`${line}\n`)
const report = await run({ kills, target, store, seed, payers, careless, folder, program, say })
process.stdout.write(`${shown(report)}\n`)
if (report.breaches.length === 0) rmSync(folder, { recursive: true, force: true })
else say(`What the hub and the database said is in ${folder}.`)
process.exit(report.breaches.length === 0 ? 0 : 1)
