// What a worker books, in batches: one lane, and what comes while it is taken goes with the next batch. So the more
// there is to book, the less each of it costs, and a lone call waits for nobody.
//
// A statement that fails says nothing of which item did it: then each goes again alone, and only the guilty one
// fails. A server that is away fails them all; they come again with the same ids, which books nothing twice.

import { setImmediate as soon } from "node:timers/promises";
import { isPawlError, PawlError } from "../domain/errors.ts";
import type { Database } from "./database.ts";

export interface BookItem {
  /** Takes turns with the others' items. */
  readonly tenant: string;
  /** No two items of one key go in one batch. */
  readonly key: string;
  readonly body: object;
}

export interface Batcher {
  /** Heard when the disk has it. Throws LEDGER_UNAVAILABLE where nobody knows whether it was booked. */
  book<Answer>(item: BookItem): Promise<Answer>;
}

interface Waiting {
  readonly key: string;
  readonly json: string;
  readonly settle: (answer: unknown) => void;
  readonly fail: (error: unknown) => void;
}

const BATCH_ITEMS_MAX = 200;
const BATCH_BYTES_MAX = 1_000_000;
/** More than a minute's work of a database in trouble is not worth keeping. */
const WAITING_MAX = 5000;

export function createBatcher(db: Database): Batcher {
  const line = new Line();
  const send = sender(db);
  let isOpen = false;

  async function serve(): Promise<void> {
    while (line.length > 0) {
      await soon();
      await delivered(line.take(), send);
    }
    isOpen = false;
  }
  return {
    book<Answer>({ tenant, key, body }: BookItem) {
      if (line.length >= WAITING_MAX) {
        const message = `${line.length} calls wait for the ledger, so no more are taken`;
        return Promise.reject(new PawlError("LEDGER_UNAVAILABLE", message));
      }
      return new Promise<Answer>((resolve, reject) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller knows what it asked
        const settle = (answer: unknown): void => resolve(answer as Answer);
        line.add(tenant, { key, json: JSON.stringify(body), settle, fail: reject });
        if (isOpen) return;
        isOpen = true;
        void serve();
      });
    },
  };
}

/** Those who wait, by tenant: whoever was served goes behind the others. */
class Line {
  readonly #queues = new Map<string, Waiting[]>();
  length = 0;

  add(tenant: string, item: Waiting): void {
    const queue = this.#queues.get(tenant);
    if (queue === undefined) this.#queues.set(tenant, [item]);
    else queue.push(item);
    this.length += 1;
  }

  take(): readonly Waiting[] {
    const batch = new Map<string, Waiting>();
    let bytes = 0;
    while (batch.size < BATCH_ITEMS_MAX) {
      const next = this.#next(batch);
      if (next === null) break;
      bytes += next.item.json.length;
      if (batch.size > 0 && bytes > BATCH_BYTES_MAX) break;
      batch.set(next.item.key, next.item);
      this.#served(next.tenant);
    }
    return [...batch.values()];
  }

  #next(batch: ReadonlyMap<string, Waiting>): { tenant: string; item: Waiting } | null {
    for (const [tenant, [item]] of this.#queues) {
      if (item !== undefined && !batch.has(item.key)) return { tenant, item };
    }
    return null;
  }

  #served(tenant: string): void {
    const queue = this.#queues.get(tenant) ?? [];
    queue.shift();
    this.#queues.delete(tenant);
    if (queue.length > 0) this.#queues.set(tenant, queue);
    this.length -= 1;
  }
}

type Send = (batch: readonly Waiting[]) => Promise<readonly unknown[]>;

async function delivered(batch: readonly Waiting[], send: Send): Promise<void> {
  try {
    const answers = await send(batch);
    batch.forEach(({ settle }, index) => settle(answers[index]));
  } catch (error) {
    const isAway = isPawlError(error) && error.code === "LEDGER_UNAVAILABLE";
    if (isAway || batch.length === 1) for (const { fail } of batch) fail(error);
    else for (const item of batch) await delivered([item], send);
  }
}

/** Where the server itself does not wait for the disk (PGlite, a test), neither do we. */
function sender(db: Database): Send {
  let waits: Promise<boolean> | null = null;
  const look = async (): Promise<boolean> => {
    const rows = await db<{ fsync: string }>`select current_setting('fsync') as fsync`;
    return rows[0]?.fsync === "on";
  };
  return async (batch) => {
    const isDurable = await (waits ??= look().catch((error: unknown) => {
      waits = null;
      throw error;
    }));
    const items = `[${batch.map(({ json }) => json).join(",")}]`;
    const rows = await (isDurable
      ? db<{ answers: readonly unknown[] }>`call pawl.book_durably(${items}::jsonb, null)`
      : db<{ answers: readonly unknown[] }>`select pawl.book(${items}::jsonb) as answers`);
    return rows[0]?.answers ?? [];
  };
}
