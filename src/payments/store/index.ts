/** All SQL of the payments module. */
export * from './answers.ts'
export * from './attempts.ts'
export * from './exports.ts'
export * from './finding.ts'
export * from './lists.ts'
export * from './messages.ts'
export * from './payments.ts'
export * from './signing-keys.ts'
