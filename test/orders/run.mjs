// node test/orders/run.mjs
// Lets the heart hear what each channel can bring in every order, by the channels' own conformance tests, and prints what was counted.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROOF = 'ends the same in every order of its messages'
const folder = mkdtempSync(join(tmpdir(), 'ebizness-orders-'))
const file = join(folder, 'told.json')
const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'src/channels', '-t', PROOF]
const { status } = spawnSync(process.execPath, [...vitest, '--reporter=json', `--outputFile=${file}`], {
  cwd: ROOT,
  stdio: ['ignore', 'ignore', 'inherit'],
})
const proofs = JSON.parse(readFileSync(file, 'utf8'))
  .testResults.flatMap(({ assertionResults }) => assertionResults)
  .filter(({ title, status: ended }) => title === PROOF && (ended === 'passed' || ended === 'failed'))
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
const channels = new Set(all.map(({ channel }) => channel)).size
console.log(
  `\n${channels} channels, ${all.length} outcomes, ${sum(all, 'subsets').toLocaleString('en')} subsets of messages, ` +
    `${sum(all, 'sequences').toLocaleString('en')} sequences of up to six: ` +
    (status === 0 ? 'each ends in the one state of its subset' : 'NOT each ends in the one state of its subset'),
)
process.exit(status ?? 1)
