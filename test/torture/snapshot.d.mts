/** Builds into `folder` and returns the two ways in: the command line, and the test that drives it. */
export declare const snapshot: (folder: string, test?: string) => { readonly program: string; readonly torture: string }
