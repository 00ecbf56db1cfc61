/** For e-services: order, ask, and believe only what the hub signed. Uses nothing but Node; no folder of the hub. */
export * from './answer.ts'
export * from './hub.ts'
export type { PublicJwk } from './jws.ts'
export * from './sign-order.ts'
export * from './types.ts'
export * from './verify-notice.ts'
export * from './verify-receipt.ts'
export * from './verify-return.ts'
