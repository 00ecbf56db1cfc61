/** What a PSP is told of: it names the agreement, so that the keys are known before anything is parsed, and the attempt where the protocol takes an address for each payment. */
export const pspAddresses = (
  publicUrl: string,
  agreement: { readonly channel: string; readonly id: string },
  attempt?: string,
): { readonly back: string; readonly notice: string } => {
  const root = `${publicUrl}/psp/${agreement.channel}/${agreement.id}${attempt === undefined ? '' : `/${attempt}`}`
  return { back: `${root}/back`, notice: `${root}/notice` }
}
