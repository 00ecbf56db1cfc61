import { rmSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { startTestServer } from './test-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The throw-away server's own database. */
    readonly databaseUrl: string
    readonly databaseTemplate: string
    /** Goes with the run; users without rights may pass through. */
    readonly testFolder: string
  }
}

/** One throw-away PostgreSQL for the whole run; every test that wants a database gets a copy of its template. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startTestServer()
  project.provide('databaseUrl', server.url)
  project.provide('databaseTemplate', server.template)
  project.provide('testFolder', server.folder)
  return async () => {
    await server.stop()
    rmSync(server.folder, { recursive: true, force: true })
  }
}
