// node test/fire/run.mjs --e-services 1000 --seconds 60 --rate 50 --store embedded|postgres --processes 1 --seed N
// Meanwhile a hub is killed by kill -9, keys are changed, and spans are sent once more, by the commands that operators have.
// Prints what was measured; ends with 1 when a notice is missing, astray or out of order, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, Option } from 'commander'
import { snapshot } from '../torture/snapshot.mjs'

const options = new Command('fire')
  .description(
    'real payments of many e-services, of whose notice addresses many are dead, slow or flapping, while a hub is killed and keys change',
  )
  .option('--e-services <count>', 'each with an address of its own', Number, 1_000)
  .option('--seconds <count>', 'how long payments are made', Number, 60)
  .option('--rate <count>', 'payments a second, of three events each', Number, 50)
  .option('--seed <number>', 'of which address is in what state', Number, 1)
  .option('--processes <count>', 'of the hub, on one database', Number, 1)
  .addOption(new Option('--store <store>', 'which PostgreSQL').choices(['embedded', 'postgres']).default('embedded'))
  .parse()
  .opts()

// Whatever the umask, a folder that the database's user may enter.
const folder = mkdtempSync(join(tmpdir(), 'ebizness-fire-'))
const built = join(folder, 'built')
mkdirSync(built)
for (const path of [folder, built]) chmodSync(path, 0o711)
const { program, entry } = snapshot(built, 'test/fire/fire.ts')
const { fire, shown } = await import(pathToFileURL(entry).href)
const say = (line) => process.stderr.write(`${line}\n`)
const report = await fire({ ...options, folder, program, say })
process.stdout.write(`${shown(report)}\n`)
if (report.breaches.length === 0) rmSync(folder, { recursive: true, force: true })
else say(`What the hub and the database said is in ${folder}.`)
process.exit(report.breaches.length === 0 ? 0 : 1)
