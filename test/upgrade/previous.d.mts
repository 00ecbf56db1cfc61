export type Previous = {
  /** The built command line. */
  readonly program: string
  /** Short hash and subject. */
  readonly revision: string
  /** What it brings, as `module/0001_name`. */
  readonly migrations: readonly string[]
}
export declare const buildPrevious: (folder: string, from?: string) => Previous
export declare const migrationsOf: (tree?: string) => readonly string[]
export declare const tablesChangedBy: (migrations: readonly string[]) => readonly string[]
