/** Base64 as it survives a form: a `+` may have become a space, and lines may be broken. Undefined when it is not base64. */
export const base64FromForm = (text: string): Uint8Array | undefined => {
  const repaired = text
    .replaceAll(/[\r\n\t]/g, '')

    .replaceAll(' ', '+')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(repaired) && repaired.length % 4 === 0
    ? new Uint8Array(Buffer.from(repaired, 'base64'))
    : undefined
}

/** On one line, with padding. */
export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
