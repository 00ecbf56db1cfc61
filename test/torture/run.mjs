// node test/torture/run.mjs --faults kill=50,stop=5 --target any|hub|database --hubs 3 --store embedded|postgres --seed N
// Prints what was counted; ends with 1 when anything acknowledged was lost, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, Option } from 'commander'
import { CARELESS, makeCareless, makeStrict } from './careless.mjs'
import { snapshot } from './snapshot.mjs'

const options = new Command('torture')
  .description('strikes hubs and their database under load, and checks that nothing acknowledged is lost')
  .option(
    '--faults <list>',
    'what happens and how often, of kill, stop, cut, freeze, full (root) and failover (postgres); in an order of the seed',
    'kill=50,stop=5,cut=5',
  )
  .addOption(new Option('--target <target>', 'what kills fall on').choices(['any', 'hub', 'database']).default('any'))
  .option('--hubs <count>', 'processes on one database, behind one address', Number, 3)
  .addOption(new Option('--store <store>', 'which PostgreSQL').choices(['embedded', 'postgres']).default('embedded'))
  .option('--seed <number>', 'of the order and the moments of the faults and of what payers do', Number, 1)
  .option('--payers <count>', 'at once', Number, 16)
  .addOption(
    new Option(
      '--careless <how>',
      'to see that it is found out: the database answers before it has written (durability), or the hubs send later notices while earlier ones wait (order) end jobs that others have taken over (fence) or repeat calls that may not be repeated (repeats)',
    ).choices(['durability', 'order', 'fence', 'repeats']),
  )
  .parse()
  .opts()

// Whatever the umask, a folder that the database's user may enter.
const folder = mkdtempSync(join(tmpdir(), 'ebizness-torture-'))
const built = join(folder, 'built')
mkdirSync(built)
for (const path of [folder, built]) chmodSync(path, 0o711)
const { program, entry } = snapshot(built)
makeStrict(built)
if (options.careless in CARELESS) makeCareless(built, options.careless)
const { torture: run, shown, breachesOf } = await import(pathToFileURL(entry).href)
const say = (line) => process.stderr.write(`${line}\n`)
const toRead = `What the hubs and the database said is in ${folder}; in books.json what was done when, what was acknowledged and what was found.`
const forgetful = options.careless === 'durability'
const report = await run({ ...options, forgetful, folder, program, say }).catch((fault) => {
  say(`${fault.stack ?? fault}\n${toRead}`)
  process.exit(1)
})
process.stdout.write(`${shown(report)}\n`)
const isRight = breachesOf(report).length === 0
if (isRight) rmSync(folder, { recursive: true, force: true })
else say(toRead)
process.exit(isRight ? 0 : 1)
