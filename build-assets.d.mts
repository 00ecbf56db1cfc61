/** Writes `pay.css`, `pay.js` and `icon.svg` into `outDir`, making it if need be. */
export declare const buildAssets: (outDir: string) => void
