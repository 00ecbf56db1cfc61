/** Where everybody is; nobody listens there, the world carries what they send. */
export const HUB_ROOT = 'http://localhost:4000'
export const BANK_ROOT = 'http://localhost:4100'
export const SHOP_ROOT = 'http://localhost:4200'
