import { toDecimal } from '../../src/kernel/money.ts'
import { PAYMENT_TASK_WORDS } from '../../src/payments/task-words.ts'
import type { Block, Case } from './case.ts'
import type { Seen, SeenTask } from './observe.ts'

/** Draws `docs/late-money.md` from what the cases came to. */

export type Played = { readonly block: Block; readonly one: Case; readonly seen: readonly Seen[] }

export const drawLateMoney = (blocks: readonly Block[], played: readonly Played[]): string =>
  [
    headOf(played),
    ...blocks.flatMap((block) => [
      `## ${block.title}\n`,
      `${block.tells}\n`,
      table(COLUMNS, rowsOf(played.filter((one) => one.block === block))),
    ]),
    '## What the tasks ask\n',
    table(['task', 'means', 'to do'], legendOf(played)),
  ].join('\n')

const headOf = (played: readonly Played[]): string => `# Late, twice, over, under, reversed

What becomes of money that does not come as it should: ${played.length} cases, each played over HTTP against the whole hub with its simulated banks, and each held against
what the rules say of it, by \`npx vitest run --config prove.config.ts test/late-money.proof.ts\`, which also draws this page (\`-u\`). Every case ends in a right state, or in a
task with its action, or in both. 123.45 EUR is ordered each time. The rows show how it stands three hours later; rows that come to the same are one.

- **status** is what the API and the notices say. Beside it stands what is asked of a person: each task with the rulings that
  [\`ebizness tasks rule\`](operating/tasks.md) takes.
- **notices** are those of the whole story, in order, without \`payment.\` in front. The e-service needs no other rule than this: what the last notice says, holds.
  \`attention\` tells of whatever a GET shows and no status has: a flag, and also a close that was asked for, another reason, a bank's number.
`

const COLUMNS = ['how it stood', 'what came', 'status', 'counts as', 'for a person', 'notices']

/** Cases of one block that differ only in what came are one row. */
const rowsOf = (played: readonly Played[]): readonly (readonly string[])[] => {
  const rows = new Map<
    string,
    { readonly before: string; readonly came: string[]; readonly cells: readonly string[] }
  >()
  for (const { one, seen } of played) {
    const cells = cellsOf(seen)
    const key = JSON.stringify([one.before, cells])
    const row = rows.get(key)
    if (row) row.came.push(one.came)
    else rows.set(key, { before: one.before, came: [one.came], cells })
  }
  return [...rows.values()].map(({ before, came, cells }) => [before, came.join(', or '), ...cells])
}

const cellsOf = (seen: readonly Seen[]): readonly string[] => {
  const each = (cell: (one: Seen) => string) =>
    seen.length === 1
      ? seen.map(cell).join('')
      : seen.map((one, place) => `${place === 0 ? 'old' : 'new'}: ${cell(one)}`).join('<br>')
  return [each(statusOf), each(sumsOf), each(tasksOf), each(noticesOf)]
}

const statusOf = ({ status, closing }: Seen): string => `\`${status}\`${closing ? `, closing as ${closing}` : ''}`

const euros = (amountMinor: number): string => toDecimal({ amountMinor, currency: 'EUR' })

const sumsOf = ({ paid, refunded, reversed, refunds }: Seen): string =>
  [
    paid > 0 ? `paid ${euros(paid)}` : 'nothing paid',
    ...(refunded > 0 ? [`refunded ${euros(refunded)}`] : []),
    ...(reversed > 0 ? [`reversed ${euros(reversed)}`] : []),
    ...(refunds.includes('unknown') ? ['a refund unknown'] : []),
  ].join(', ')

const tasksOf = ({ tasks }: Seen): string => tasks.map(taskOf).sort().join('<br>') || '–'
const taskOf = ({ title, takes }: SeenTask): string => `**${title}**: ${takes.map((word) => `\`${word}\``).join(' ')}`

const noticesOf = ({ notices }: Seen): string =>
  notices.length === 0 ? 'none' : notices.map((type) => type.replace(/^payment\./, '')).join(' → ')

const legendOf = (played: readonly Played[]): readonly (readonly string[])[] => {
  const kinds = new Set(played.flatMap(({ seen }) => seen.flatMap(({ tasks }) => tasks.map(({ kind }) => kind))))
  return Object.entries(PAYMENT_TASK_WORDS)
    .filter(([kind]) => kinds.has(kind))
    .map(([kind, { title, means, todo }]) => [`**${title}** (\`${kind}\`)`, means, todo])
}

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
