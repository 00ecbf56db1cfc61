import type { Config } from '../../src/app/config.ts'

/** What the environment of a hub in a test says, until the test says otherwise. */
export const testConfig = (publicUrl: string): Config => ({
  mode: 'test',
  databaseUrl: undefined,
  dataDir: '.',
  publicUrl,
  port: 0,
  masterKey: undefined,
  logLevel: 'silent',
  allowedNetworks: [],
  trustedProxies: [],
  smtpUrl: undefined,
  mailFrom: 'no-reply@pay.example',
  metricsToken: undefined,
  tracesTo: undefined,
  testClock: undefined,
  poolSize: 8,
  drainMs: 0,
})
