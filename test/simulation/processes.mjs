// Many schedules in several processes, each on a database of its own in one throw-away PostgreSQL (the embedded one, fsync off).
import { fork } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { snapshot } from '../torture/snapshot.mjs'
import { makeCareless } from './careless.mjs'

const ITSELF = fileURLToPath(import.meta.url)

/**
 * Lives through `also` these schedules and `schedules` of `seed`, and adds up what the processes tell. `keep`: every life is told.
 * `broken` hears of each schedule that broke a law as soon as it is judged.
 * `careless`: rules taken out of the hub. `forgetful`: the database says now and then that it has committed what it has not, to see that losses are seen.
 */
export const simulateInProcesses = async ({
  seed = 1,
  schedules = 0,
  also = [],
  processes,
  keep = false,
  forgetful = false,
  careless = [],
  progress = () => {},
  broken = () => {},
}) => {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'ebizness-simulation-'))
  const built = join(folder, 'built')
  mkdirSync(built)
  for (const path of [folder, built]) chmodSync(path, 0o711)
  let server
  try {
    const { entry: simulation } = snapshot(built, 'test/simulation/simulate.ts')
    for (const how of careless) makeCareless(built, how)
    const { startDatabases } = await import(pathToFileURL(simulation).href)
    const counts = Array.from({ length: processes }, () => 0)
    server = await startDatabases(counts.map((_, place) => `world_${place}`))
    const parts = await Promise.all(
      server.urls.map(async (url, place) => {
        const assets = join(built, 'dist/platform/html/assets')
        const work = { simulation, url, assets, seed, schedules, also, place, processes, keep, forgetful }
        return lived(work, {
          broken,
          told: (count) => {
            counts[place] = count
            progress(counts.reduce((sum, one) => sum + one, 0))
          },
        })
      }),
    )
    const sum = (name) => parts.reduce((all, part) => all + part[name], 0)
    const counted = ['schedules', 'payments', 'executed', 'untold', 'moved', 'crashes'].map((name) => [name, sum(name)])
    return {
      ...Object.fromEntries(counted),
      failures: parts.flatMap(({ failures }) => failures),
      lives: parts.flatMap(({ lives }) => lives),
      seconds: Math.round((performance.now() - began) / 1000),
    }
  } finally {
    await server?.stop()
    if (server) rmSync(server.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

const lived = (work, { told, broken }) =>
  new Promise((resolve, reject) => {
    const child = fork(ITSELF, [JSON.stringify(work)], { execArgv: [...process.execArgv, '--max-semi-space-size=64'] })
    let ended
    child.on('message', ({ count, life, run }) => {
      if (run) ended = run
      else if (life) broken(life)
      else told(count)
    })
    child.once('exit', (code) =>
      ended ? resolve(ended) : reject(new Error(`a process of the simulation ended with ${code}`)),
    )
  })

/** In the child: every so-many-th schedule. */
if (process.send && process.argv[1] === ITSELF) {
  const { simulation, url, assets, seed, schedules, also, place, processes, keep, forgetful } = JSON.parse(
    process.argv[2],
  )
  const { simulate, seedsFrom } = await import(pathToFileURL(simulation).href)
  const own = also.filter((_, at) => at % processes === place)
  const seeds = [...own, ...seedsFrom(seed, place, schedules, processes)]
  process.once('disconnect', () => process.exit(1))
  let count = 0
  const lives = []
  const each = (life) => {
    count++
    if (keep) lives.push(life)
    if (life.breaches.length > 0) process.send({ life })
    if (count % 50 === 0) process.send({ count })
  }
  const run = await simulate({ url, assets, seeds, forgetful, each })
  process.send({ run: { ...run, lives } }, () => process.exit(0))
}
