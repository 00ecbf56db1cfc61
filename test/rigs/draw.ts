import { RIGS, type Where } from './rigs.ts'

/** Draws `docs/rigs.md`. */
export const drawRigs = (): string =>
  [
    HEAD,
    table(
      ['what failed', 'where, and what happened there', 'what this hub does', 'test'],
      [
        ...RIGS.map(({ name, where, instead }) => [
          sentence(name),
          where.map(threadOf).join('<br>'),
          instead,
          `\`${name}\``,
        ]),
      ],
    ),
  ].join('\n')

const HEAD = `# Failures of others, replayed

Payment systems much larger than this one have lost money-relevant messages in public. Each row is such a failure as a test, in
[test/rigs](../test/rigs/rigs.ts): the same story, over HTTP, with the same simulated bank, is played to this hub and to a naive one beside it that
has the habit that failed. The test holds three things: this hub ends right; the naive one shows the public failure, so the rig can fail; and the
naive one without that habit ends right, so that the habit is what failed. \`npx vitest run test/rigs\` plays them, \`-u\` draws this page anew.

The threads are cited as they stood when this was written; what they describe may have been mended since.
`

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const threadOf = ({ repo, number, happened }: Where): string =>
  `[${repo}#${number}](https://github.com/${repo}/issues/${number}): ${happened}`

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
