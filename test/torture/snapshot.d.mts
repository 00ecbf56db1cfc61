/** Builds into `folder` and returns the two ways in: the command line, and this torture itself. */
export declare const snapshot: (folder: string) => { readonly program: string; readonly torture: string }
