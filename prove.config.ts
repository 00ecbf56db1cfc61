import { defineConfig } from 'vitest/config'

/** The proofs: what takes minutes and wants the machine to itself. One file at a time; the long forms are commands of their own. */
export default defineConfig({
  test: {
    include: ['test/**/*.proof.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'threads',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
})
