// node test/fire/run.mjs --e-services 1000 --seconds 60 --rate 50 --limit-ms 500 --calm --store embedded|postgres --processes 1 --seed N
// Meanwhile, without --calm, a hub is killed by kill -9, keys are changed, and spans are sent once more, by the commands that operators have.
// Prints what was measured; ends with 1 when a notice is missing, astray, out of order or late, and then leaves its folder to look into.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { snapshot } from '../torture/snapshot.mjs'

const whole = (text) => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return Number(text)
}

const command = new Command('fire')
  .description(
    'real payments of many e-services, of whose notice addresses many are dead, slow or flapping, while a hub is killed and keys change',
  )
  .option('--e-services <count>', 'each with an address of its own', whole, 1_000)
  .option('--seconds <count>', 'how long payments are made', whole, 60)
  .option('--rate <count>', 'payments a second, of three events each', whole, 50)
  .option('--seed <number>', 'of which address is in what state', whole, 1)
  .option('--processes <count>', 'of the hub, on one database', whole, 1)
  .option(
    '--limit-ms <count>',
    'first deliveries to healthy addresses since the event, the 99th of a hundred, beside what the kill befell',
    whole,
    500,
  )
  .option('--calm', 'no hub is killed, no key changed, nothing sent once more')
  .addOption(new Option('--store <store>', 'which PostgreSQL').choices(['embedded', 'postgres']).default('embedded'))
  .parse()
const options = command.opts()
const { eServices, rate, seconds } = options
if (rate * seconds < eServices)
  command.error(
    `${rate * seconds} payments (--rate times --seconds) are too few: each of ${eServices} e-services must have one. Raise --rate or --seconds.`,
  )

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
