/** The hub as a library: see docs/integrating/library.md. */
export { type Composed, compose, masterKeysOf, openStorage, type Parts, type Storage } from './compose.ts'
export { type Config, readConfig } from './config.ts'
export type { ModuleName } from './modules.ts'
export { type MountedHub, type MountOptions, mountHub } from './mount.ts'
export { type OpenedParts, openParts } from './parts.ts'
export { nodeListener } from './serve.ts'
