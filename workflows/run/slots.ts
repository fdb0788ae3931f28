// A limit on how many are under way at once. Who waits is let in in the order of asking, so it replays.

export interface Slots {
  use(work: () => Promise<void>): Promise<void>;
}

export function openSlots(max: number): Slots {
  let free = max;
  const queue: (() => void)[] = [];
  return {
    async use(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((enter) => queue.push(enter));
      try {
        await work();
      } finally {
        const next = queue.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
