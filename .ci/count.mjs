// Prints how many tests passed and failed, from the runner's own JSON files. A file that could not be loaded counts as one failed test.
import { readFileSync } from 'node:fs'

const read = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** A run that left no results, or has no test in it, is one failed test. */
const counted = (results) => {
  if (results === undefined || results.numTotalTests === 0) return { passed: 0, failed: 1 }
  const unloaded = results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return { passed: results.numPassedTests, failed: results.numFailedTests + unloaded.length }
}

const runs = process.argv.slice(2).map((path) => counted(read(path)))
const sum = (name) => runs.reduce((all, run) => all + run[name], 0)
if (runs.length === 0 || sum('failed') > 0) process.exitCode = 1
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
