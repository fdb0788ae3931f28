// Promise.all over a list, with a limit on how many are under way. Starts in order, so it replays.

/** Once one of them has failed no other is started. */
export async function mapAtMost<Item, Result>(
  max: number,
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  let hasFailed = false;

  async function work(): Promise<void> {
    for (const [index, item] of waiting) {
      try {
        results[index] = await map(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      if (hasFailed) return;
    }
  }

  await Promise.all(Array.from({ length: max }, work));
  return results;
}
