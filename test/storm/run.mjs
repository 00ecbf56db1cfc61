// node test/storm/run.mjs --rounds 1000 --duels 500 --copies 1000 --seed N --store embedded|postgres [--careless <rule>]
// Prints what was counted; ends with 1 when a law is broken or was not tried, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, Option } from 'commander'
import { snapshot } from '../torture/snapshot.mjs'
import { CARELESS, makeCareless } from './careless.mjs'

const { rounds, duels, copies, seed, store, careless } = new Command('storm')
  .description('sends equal and contrary requests at once to two hubs on one database, and checks the laws')
  .option('--rounds <count>', 'payments with which everybody does everything at once', Number, 1000)
  .option('--duels <count>', 'payments that are begun and cancelled at once', Number, 500)
  .option('--copies <count>', 'equal creates at once', Number, 1000)
  .option('--seed <number>', 'of what is done', Number, 1)
  .addOption(new Option('--store <store>', 'which PostgreSQL').choices(['embedded', 'postgres']).default('embedded'))
  .addOption(
    new Option('--careless <rule>', 'takes a rule out of the hubs, to see that it is found out').choices(
      Object.keys(CARELESS),
    ),
  )
  .parse()
  .opts()

// Whatever the umask, a folder that the database's user may enter.
const folder = mkdtempSync(join(tmpdir(), 'ebizness-storm-'))
const built = join(folder, 'built')
mkdirSync(built)
for (const path of [folder, built]) chmodSync(path, 0o711)
const { program, entry } = snapshot(built, 'test/storm/storm.ts')
if (careless !== undefined) makeCareless(built, careless)
const { storm, shown, idleIn } = await import(pathToFileURL(entry).href)
const say = (line) => process.stderr.write(`${line}\n`)
const hurry = careless !== undefined
const report = await storm({ rounds, duels, copies, seed, store, folder, program, say, hurry })
process.stdout.write(`${shown(report)}\n`)
const holds = report.breaches.length === 0 && idleIn(report).length === 0
if (holds) rmSync(folder, { recursive: true, force: true })
else say(`What the hubs and the database said is in ${folder}.`)
process.exit(holds ? 0 : 1)
