/** Builds into `folder` and returns the two ways in: the command line, and what is to be run on it. */
export declare const snapshot: (folder: string, run?: string) => { readonly program: string; readonly entry: string }
