import { RIGS, type Where } from './rigs.ts'
import type { Ended } from './words.ts'

/** Draws `docs/rigs.md`. */
export const drawRigs = (): string =>
  [
    HEAD,
    table(
      [
        'what failed: the test’s name',
        'where, and what happened there',
        'what this hub does',
        'the naive hub',
        'this hub',
      ],
      RIGS.map(({ name, where, instead, right, wrong }) => [
        name,
        where.map(threadOf).join('<br>'),
        instead,
        differing(wrong, right),
        differing(right, wrong),
      ]),
    ),
  ].join('\n')

const HEAD = `# Failures of others, replayed

Payment systems much larger than this one have lost money-relevant messages in public. Each row is such a failure as a test, in
[test/rigs](../test/rigs/rigs.ts): the same story, over HTTP, with the same simulated bank, is played to this hub and to a naive one beside it that
has the habit that failed. The test holds three things: this hub ends right; the naive one shows the public failure, so the rig can fail; and the
naive one without that habit ends right, so that the habit is what failed. \`npx vitest run test/rigs\` plays them, \`-u\` draws this page anew.

The last two columns say where the two end differently: \`paid\` is what counts as paid, in cents (123.45 EUR was ordered), \`toldPaid\` how often the
e-service was told \`payment.executed\`. The threads are cited as they stood when this was written; what they describe may have been mended since.
`

const threadOf = ({ repo, number, happened }: Where): string =>
  `[${repo}#${number}](https://github.com/${repo}/issues/${number}): ${happened}`

/** What two ends do not share. */
const differing = (one: Ended, other: Ended): string =>
  Object.entries(one)
    .filter(([name, value]) => other[name] !== value)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
