/** Takes a rule out of the tree that `snapshot` built in this folder. */
export declare const makeCareless: (built: string, how: 'lock' | 'facts' | 'closed' | 'closing') => void
