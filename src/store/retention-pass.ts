// One pass of retention: what is old by now, and how statements that forget follow each other.

import { setTimeout as delay } from "node:timers/promises";
import { dayOf } from "../domain/budget.ts";
import { codeOf } from "../domain/error-code.ts";
import type { Database } from "./database.ts";

/** What Temporal says of a workflow. `forgotten`: it has no such workflow, or no longer. */
export type Fate =
  | { readonly kind: "open" }
  | { readonly kind: "ended"; readonly atMs: number }
  | { readonly kind: "forgotten" };

export interface RetentionTerms {
  readonly db: Database;
  readonly keepDays: number;
  readonly now: Date;
  /** Of the latest execution under this id. Throws where Temporal can't be asked. */
  readonly fateOf: (workflowId: string) => Promise<Fate>;
  /** Ends the pass between two statements: it throws then. */
  readonly signal?: AbortSignal;
  readonly rowsMax?: number;
  /** Of the time in which something is deleted: the rest of it is left to others. */
  readonly share?: number;
}

/** Rows, runs, batches and days that are gone; what was nothing is not named. */
export type Forgotten = Readonly<Record<string, number>>;

interface Gone {
  readonly gone: number;
}

export interface RetentionPass extends RetentionTerms {
  /** The beginning of the first day that is kept, UTC: ISO 8601, and as a day. */
  readonly before: string;
  readonly day: string;
  readonly rowsMax: number;
  /** Repeats a statement until nothing is left for it, with pauses. */
  drain(what: string, statement: () => Promise<readonly Gone[]>): Promise<void>;
  /** Once, and again while a lock that it needs is another's; null where it stays so. */
  once<Row>(statement: () => Promise<readonly Row[]>): Promise<Row | null>;
  count(what: string, gone: number): void;
  readonly forgotten: Forgotten;
}

const DAY_MS = 86_400_000;
const ROWS_MAX = 5000;
const SHARE = 1 / 3;
const LOCK_ATTEMPTS = 20;
const LOCK_PAUSE_MS = 500;
const LOCK_NOT_AVAILABLE = "55P03";

export function beginPass(terms: RetentionTerms): RetentionPass {
  const { keepDays, now, signal, share = SHARE } = terms;
  const day = dayOf(new Date(now.getTime() - keepDays * DAY_MS));
  const forgotten: Record<string, number> = {};
  const count = (what: string, gone: number): void => {
    if (gone > 0) forgotten[what] = (forgotten[what] ?? 0) + gone;
  };
  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal, ref: false });
  const once = async <Row>(statement: () => Promise<readonly Row[]>): Promise<Row | null> => {
    for (let attempt = 1; attempt <= LOCK_ATTEMPTS; attempt++) {
      try {
        const startedAt = performance.now();
        const [row] = await statement();
        await pause(((performance.now() - startedAt) * (1 - share)) / share);
        return row ?? null;
      } catch (error) {
        if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
        await pause(LOCK_PAUSE_MS);
      }
    }
    return null;
  };
  const drain = async (what: string, statement: () => Promise<readonly Gone[]>): Promise<void> => {
    for (
      let row = await once(statement);
      row !== null && row.gone > 0;
      row = await once(statement)
    ) {
      count(what, row.gone);
    }
  };
  const before = `${day}T00:00:00Z`;
  return { rowsMax: ROWS_MAX, ...terms, before, day, drain, once, count, forgotten };
}

/** Over, by what Temporal says, and for so long. */
export async function isOver(
  { fateOf, before }: Pick<RetentionPass, "fateOf" | "before">,
  workflowId: string,
): Promise<boolean> {
  const fate = await fateOf(workflowId);
  switch (fate.kind) {
    case "open":
      return false;
    case "ended":
      return fate.atMs < Date.parse(before);
    case "forgotten":
      return true;
  }
}
