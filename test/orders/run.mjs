// node test/orders/run.mjs
// Lets the heart hear what each channel can bring in every order, by the channels' own conformance tests, and prints what was counted.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROOF = 'ends the same in every order of its messages'
const LIST = 'is run by every channel there is'
const folder = mkdtempSync(join(tmpdir(), 'ebizness-orders-'))
const file = join(folder, 'told.json')
const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'src/channels', '-t', `${PROOF}|${LIST}`]
const { status } = spawnSync(process.execPath, [...vitest, '--reporter=json', `--outputFile=${file}`], {
  cwd: ROOT,
  env: { ...process.env, EVERY_ORDER: 'whole' },
  stdio: ['ignore', 'ignore', 'inherit'],
})
const tests = JSON.parse(readFileSync(file, 'utf8'))
  .testResults.flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status: ended }) => ended === 'passed' || ended === 'failed')
const proofs = tests.filter(({ title }) => title === PROOF)
const listed = tests.flatMap(({ title, meta }) => (title === LIST ? (meta.channels ?? []) : []))
rmSync(folder, { recursive: true })

const number = (value) => value.toLocaleString('en').padStart(9)
const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0)
const all = []
for (const { ancestorTitles, status: ended, failureMessages, meta } of proofs) {
  const rows = meta.everyOrder ?? []
  all.push(...rows)
  console.log(`\n${ancestorTitles.at(-1)}${ended === 'passed' ? '' : `: NO\n${failureMessages.join('\n')}`}`)
  console.log(
    `  ${'outcome'.padEnd(20)}${'subsets'.padStart(9)}${'sequences'.padStart(11)}   heard, and what it ends in`,
  )
  for (const { outcome, letters, subsets, sequences, ends } of rows) {
    console.log(`  ${outcome.padEnd(20)}${number(subsets)}  ${number(sequences)}   ${letters.join(' | ')}`)
    console.log(`${' '.repeat(45)}${ends.join(' | ')}`)
  }
}
const channels = new Set(all.map(({ channel }) => channel))
const missing = listed.filter((channel) => !channels.has(channel))
const isWhole = listed.length > 0 && missing.length === 0
if (!isWhole) console.log(`\nNOT heard: ${missing.join(', ') || 'any channel'}`)
const holds = status === 0 && isWhole
console.log(
  `\n${channels.size} of ${listed.length} channels, ${all.length} outcomes, ${sum(all, 'subsets').toLocaleString('en')} subsets of messages ` +
    `and ${sum(all, 'sequences').toLocaleString('en')} sequences of up to six, each after four beginnings: ` +
    (holds ? 'each ends in the one state of its subset' : 'NOT each ends in the one state of its subset'),
)
process.exit(holds ? 0 : 1)
