// Prints how many tests passed and failed, from the runner's own JSON. A file that could not be loaded counts as one failed test.
import { readFileSync } from 'node:fs'

const read = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

const results = read(process.argv[2])
const unloaded = results?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
const passed = results?.numPassedTests ?? 0
const failed = results === undefined ? 1 : results.numFailedTests + unloaded.length
if (passed === 0 || failed > 0) process.exitCode = 1
process.stdout.write(`${passed} passed, ${failed} failed\n`)
