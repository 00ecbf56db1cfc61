/** The hub as a library: put it together, then mount its `fetch` in any server. */
export { type Composed, compose, masterKeysOf, openStorage, type Parts, type Storage } from './compose.ts'
export { type Config, readConfig } from './config.ts'
