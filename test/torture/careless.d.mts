/** Takes a rule out of the tree that `snapshot` built in this folder. */
export declare const makeCareless: (built: string, how: 'order' | 'fence' | 'repeats') => void
export declare const makeStrict: (built: string) => void
export declare const takeOut: (
  built: string,
  change: { readonly file: string; readonly rule: string; readonly without: string },
) => void
