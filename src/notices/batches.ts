/**
 * Gathers items that come one by one into batches that are written one at a time: while one is being written, the next gathers. So one
 * item alone is written at once, and many cost few commits. Each caller is told of its own batch's fate.
 */
export const openBatches = <Item>(
  most: number,
  write: (batch: readonly Item[]) => Promise<void>,
): ((item: Item) => Promise<void>) => {
  let waiting: { readonly item: Item; resolve(): void; reject(error: unknown): void }[] = []
  let writing = false

  const run = async (): Promise<void> => {
    writing = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most)
      waiting = waiting.slice(most)
      try {
        await write(batch.map(({ item }) => item))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    writing = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!writing) void run()
    })
}
