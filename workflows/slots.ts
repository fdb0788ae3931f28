// A limit on how many are under way at once. Who waits is let in in the order of asking, so it replays.

export interface Slots {
  /** Once one has failed, none that waits is begun any more: it fails as that one did. */
  use<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function openSlots(max: number): Slots {
  let free = max;
  let failure: { readonly error: unknown } | null = null;
  const queue: (() => void)[] = [];
  return {
    async use(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((enter) => queue.push(enter));
      try {
        if (failure !== null) throw failure.error;
        return await work();
      } catch (error) {
        failure ??= { error };
        throw error;
      } finally {
        const next = queue.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
