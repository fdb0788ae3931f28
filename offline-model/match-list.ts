// Scripted replies and faults wait in a list; a request takes the first entry that matches it.

import { z } from "zod";

export const entryFields = {
  /** Which requests: of one run (header `x-pawl-run`), for one model, with this text in a message. */
  match: z
    .strictObject({
      runKey: z.string().optional(),
      model: z.string().optional(),
      contains: z.string().optional(),
    })
    .default({}),
  /** How often the entry is used before it is spent. */
  times: z.int().positive().default(1),
  /** How many matching requests pass before it. */
  skip: z.int().nonnegative().default(0),
  /** Of ten matching requests 0.9 takes nine, evenly. */
  share: z.number().positive().max(1).default(1),
};

/** Of sums of shares. */
const ROUNDING = 1e-9;

export interface Target {
  readonly runKey: string | null;
  readonly model: string;
  readonly messages: string;
}

interface MatchEntry {
  readonly match: {
    runKey?: string | undefined;
    model?: string | undefined;
    contains?: string | undefined;
  };
  readonly times: number;
  readonly skip: number;
  readonly share: number;
}

export interface MatchList<E extends MatchEntry> {
  replace(entries: readonly E[]): void;
  take(target: Target): E | undefined;
}

export function createMatchList<E extends MatchEntry>(): MatchList<E> {
  let waiting: { entry: E; skips: number; uses: number; due: number }[] = [];
  return {
    replace(entries) {
      waiting = entries.map((entry) => ({
        entry,
        skips: entry.skip,
        uses: entry.times,
        due: 0,
      }));
    },
    take(target) {
      for (const item of waiting) {
        if (item.uses === 0 || !matches(item.entry, target)) continue;
        if (item.skips > 0) {
          item.skips -= 1;
          continue;
        }
        item.due += item.entry.share;
        if (item.due < 1 - ROUNDING) continue;
        item.due -= 1;
        item.uses -= 1;
        return item.entry;
      }
      return undefined;
    },
  };
}

function matches({ match }: MatchEntry, target: Target): boolean {
  return (
    (match.runKey === undefined || match.runKey === target.runKey) &&
    (match.model === undefined || match.model === target.model) &&
    (match.contains === undefined || target.messages.includes(match.contains))
  );
}
