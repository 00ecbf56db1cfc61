// node test/upgrade/run.mjs --from <git revision> --store embedded|postgres --payments N --rows N
// Prints what was counted; ends with 1 when a request failed or anything acknowledged was lost, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, Option } from 'commander'
import { snapshot } from '../torture/snapshot.mjs'
import { buildPrevious, migrationsOf, tablesChangedBy } from './previous.mjs'

const { from, store, payments, rows, payers, seed } = new Command('upgrade')
  .description('runs the release before and this one side by side on one database, under load, there and back')
  .option('--from <git revision>', 'the release before; else what test/upgrade/previous.json names')
  .addOption(new Option('--store <store>', 'which PostgreSQL').choices(['embedded', 'postgres']).default('embedded'))
  .option('--payments <count>', 'acknowledged in each of the five steps', Number, 200)
  .option('--rows <count>', 'in each table that migrations change, before they come', Number, 150_000)
  .option('--payers <count>', 'at once', Number, 16)
  .option('--seed <number>', 'of what payers do', Number, 1)
  .parse()
  .opts()

const say = (line) =>
  process.stderr.write(`${line}
`)
// Whatever the umask, a folder that the database's user may enter.
const folder = mkdtempSync(join(tmpdir(), 'ebizness-upgrade-'))
const built = join(folder, 'built')
mkdirSync(built)
for (const path of [folder, built]) chmodSync(path, 0o711)
try {
  const previous = buildPrevious(join(folder, 'previous'), from)
  const fresh = migrationsOf().filter((name) => !previous.migrations.includes(name))
  const changed = tablesChangedBy(fresh)
  say(`From ${previous.revision}\n${fresh.length} migrations: ${fresh.join(', ')}`)
  const { program, entry } = snapshot(built, 'test/upgrade/upgrade.ts')
  const { upgrade, shown } = await import(pathToFileURL(entry).href)
  const options = {
    previous: previous.program,
    current: program,
    store,
    payers,
    stepPayments: payments,
    rows,
    changed,
    seed,
    folder,
    say,
  }
  const report = await upgrade(options)
  process.stdout.write(`${shown(report)}\n`)
  const failed = report.breaches.length + report.balancer.failed.length + report.wronglyTurnedAway.length
  if (failed > 0) throw new Error(`not as it must be: what the hubs said is in ${folder}`)
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
} catch (fault) {
  say(fault instanceof Error ? fault.message : String(fault))
  process.exit(1)
}
