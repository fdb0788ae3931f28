// Requests on hold: they wait, as long as it takes, until a test lets them go on.

export interface WaitingRoom {
  /** Resolves when released or when the client has gone. */
  wait(id: string, runKey: string | null, gone: AbortSignal): Promise<void>;
  release(which: { readonly id?: string; readonly runKey?: string }): number;
}

interface WaitingRequest {
  readonly id: string;
  readonly runKey: string | null;
  readonly open: () => void;
}

export function createWaitingRoom(): WaitingRoom {
  const held = new Set<WaitingRequest>();
  return {
    wait(id, runKey, gone) {
      return new Promise((resolve) => {
        if (gone.aborted) {
          resolve();
          return;
        }
        const open = (): void => {
          held.delete(entry);
          resolve();
        };
        const entry: WaitingRequest = { id, runKey, open };
        held.add(entry);
        gone.addEventListener("abort", open, { once: true });
      });
    },
    release(which) {
      const chosen = [...held].filter(
        ({ id, runKey }) =>
          (which.id === undefined || which.id === id) &&
          (which.runKey === undefined || which.runKey === runKey),
      );
      for (const { open } of chosen) open();
      return chosen.length;
    },
  };
}
