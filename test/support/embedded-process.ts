import { createInterface } from 'node:readline'
import { startEmbedded } from '../../src/platform/db/embedded.ts'

/**
 * A process of its own that uses the embedded database of one folder, for tests of what several processes, other users and `kill -9` do.
 * Says one line of JSON when it stands (or why not), and one after `stop`.
 */
const say = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
const fields: string[] = []
const note = (_fields: unknown, sentence: string): void => {
  fields.push(sentence)
}

try {
  const [dataDir = '', elsewhere] = process.argv.slice(2)
  const log = { debug: note, info: note, warn: note, error: note }
  const embedded = await startEmbedded({ dataDir, log, ...(elsewhere ? { elsewhere: [elsewhere] } : {}) })
  say({ url: embedded.url, log: fields })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'stop') await embedded.stop()
    if (line === 'watch') embedded.watch()
    say({ did: line, log: fields })
  }
} catch (error) {
  say({ error: error instanceof Error ? error.message : String(error) })
}
