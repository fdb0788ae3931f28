// Batches in Postgres: the items as they were ordered, before anything is begun, and what each batch
// came to. Items are written once and read page by page; every operation can be repeated.

import {
  NONE_ENDED,
  type BatchInput,
  type BatchItem,
  type BatchResult,
  type EndedCounts,
} from "../domain/batch.ts";
import type { Outcome, RunResult } from "../domain/outcome.ts";
import type { Database } from "./database.ts";

/** Which set of items: the order that a batch was started with. */
export type ItemSet = Pick<BatchInput, "batchId" | "digest">;

export interface StoredItem extends BatchItem {
  readonly runId: string;
  /** As the file names it. */
  readonly itemId: string;
}

export interface BatchOpened extends Omit<BatchInput, "concurrency" | "resumed"> {
  readonly startedAtMs: number;
}

export interface BatchStored extends BatchOpened {
  /** Items whose run has ended. */
  readonly ended: EndedCounts;
  readonly spentMicroUsd: number;
  /** Null while the batch is under way. */
  readonly result: BatchResult | null;
}

export interface EndedItem {
  readonly position: number;
  readonly runId: string;
  readonly itemId: string;
  /** Null where the run has left no record. */
  readonly result: RunResult | null;
  readonly broken: Outcome | null;
  /** Of a run without a record. */
  readonly spentMicroUsd: number;
}

export interface Batches {
  /** Before the batch is started; the first word on an item stands. */
  putItems(set: ItemSet, items: readonly StoredItem[]): Promise<void>;
  /** Items behind `after`: at least one where there is one, and few enough for one payload. */
  items(set: ItemSet, after: number): Promise<readonly BatchItem[]>;
  open(batch: BatchOpened): Promise<void>;
  /** The outcome of a run that left no record. */
  noteBroken(set: ItemSet, position: number, outcome: Outcome): Promise<void>;
  /** Outcomes of those that have ended, as far as they were recorded. */
  outcomes(set: ItemSet, positions: readonly number[]): Promise<ReadonlyMap<number, Outcome>>;
  close(result: BatchResult): Promise<void>;
  get(batchId: string): Promise<BatchStored | null>;
  /** In the order of the file, a page at a time. */
  results(set: ItemSet, after: number): Promise<readonly EndedItem[]>;
}

const STATEMENT_BYTES_MAX = 500_000;
/** A page is the result of an activity, and each item of it the input of a run. */
const PAGE_BYTES_MAX = 400_000;
const PAGE_ITEMS_MAX = 50;
/** Answers may have a megabyte each. */
const RESULTS_PAGE = 20;

export function createBatches(db: Database): Batches {
  return {
    async putItems({ batchId, digest: order }, items) {
      for (const rows of inStatements(items.map(rowOf))) {
        await db`
          insert into pawl.batch_item (batch_id, digest, position, run_id, item_id, item)
          select ${batchId}, ${order}, position, "runId", "itemId", item
          from jsonb_to_recordset(${{ json: rows }})
            as r(position integer, "runId" text, "itemId" text, item text)
          on conflict do nothing`;
      }
    },
    async items({ batchId, digest }, after) {
      const rows = await db<{ item: string }>`
        select item from (
          select position, item,
            sum(octet_length(item)) over (order by position) - octet_length(item) as bytes_before
          from (
            select position, item from pawl.batch_item
            where batch_id = ${batchId} and digest = ${digest} and position > ${after}
            order by position limit ${PAGE_ITEMS_MAX}) following) sized
        where bytes_before < ${PAGE_BYTES_MAX} order by position`;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by putItems
      return rows.map(({ item }) => JSON.parse(item) as BatchItem);
    },
    async open({ batchId, tenant, digest, items, capMicroUsd, startedAtMs }) {
      await db`
        insert into pawl.batch (batch_id, tenant, digest, items, cap_micro_usd, started_at)
        values (${batchId}, ${tenant}, ${digest}, ${items}, ${capMicroUsd},
          to_timestamp(${startedAtMs} / 1000.0))
        on conflict do nothing`;
    },
    async noteBroken({ batchId, digest }, position, outcome) {
      await db`
        update pawl.batch_item set broken = ${JSON.stringify(outcome)}
        where batch_id = ${batchId} and digest = ${digest} and position = ${position}`;
    },
    outcomes: (set, positions) => readOutcomes(db, set, positions),
    async close(result) {
      await db`
        update pawl.batch set result = ${JSON.stringify(result)} where batch_id = ${result.batchId}`;
    },
    get: (batchId) => readBatch(db, batchId),
    results: (set, after) => readResults(db, set, after),
  };
}

async function readBatch(db: Database, batchId: string): Promise<BatchStored | null> {
  const rows = await db<BatchRow>`
    select b.batch_id as "batchId", b.tenant, b.digest, b.items, b.cap_micro_usd as "capMicroUsd",
      (extract(epoch from b.started_at) * 1000)::bigint as "startedAtMs", b.result,
      (select coalesce(sum(r.spent + r.feared), 0) from pawl.batch_item i join pawl.run r using (run_id)
        where i.batch_id = b.batch_id and i.digest = b.digest)::bigint as "spentMicroUsd",
      (select coalesce(jsonb_object_agg(kind, runs), '{}') from (
        select coalesce(r.outcome, i.broken::jsonb ->> 'kind') as kind, count(*) as runs
        from pawl.batch_item i left join pawl.run_record r using (run_id)
        where i.batch_id = b.batch_id and i.digest = b.digest
          and (r.run_id is not null or i.broken is not null)
        group by 1) counted) as ended
    from pawl.batch b where b.batch_id = ${batchId}`;
  const [row] = rows;
  if (row === undefined) return null;
  const ended = { ...NONE_ENDED, ...row.ended };
  return { ...row, ended, result: parsed<BatchResult>(row.result) };
}

async function readOutcomes(
  db: Database,
  { batchId, digest }: ItemSet,
  positions: readonly number[],
): Promise<ReadonlyMap<number, Outcome>> {
  const rows = await db<{ position: number; result: string | null; broken: string | null }>`
    select i.position, r.result, i.broken
    from pawl.batch_item i left join pawl.run_record r using (run_id)
    where i.batch_id = ${batchId} and i.digest = ${digest}
      and i.position = any (${positions.map(String)}::integer[])`;
  const outcomes = new Map<number, Outcome>();
  for (const { position, result, broken } of rows) {
    const outcome = parsed<RunResult>(result)?.outcome ?? parsed<Outcome>(broken);
    if (outcome !== null) outcomes.set(position, outcome);
  }
  return outcomes;
}

async function readResults(
  db: Database,
  { batchId, digest }: ItemSet,
  after: number,
): Promise<readonly EndedItem[]> {
  const rows = await db<EndedRow>`
    select i.position, i.run_id as "runId", i.item_id as "itemId", r.result, i.broken,
      case when r.run_id is null then (pawl.totals(i.run_id) ->> 'spentMicroUsd')::bigint
        else 0 end as "spentMicroUsd"
    from pawl.batch_item i left join pawl.run_record r using (run_id)
    where i.batch_id = ${batchId} and i.digest = ${digest} and i.position > ${after}
    order by i.position limit ${RESULTS_PAGE}`;
  return rows.map(({ itemId, result, broken, ...row }) => ({
    ...row,
    itemId: parsed<string>(itemId) ?? "",
    result: parsed<RunResult>(result),
    broken: parsed<Outcome>(broken),
  }));
}

interface BatchRow extends Omit<BatchStored, "ended" | "result"> {
  readonly ended: Partial<EndedCounts>;
  readonly result: string | null;
}

interface EndedRow extends Omit<EndedItem, "result" | "broken"> {
  readonly result: string | null;
  readonly broken: string | null;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the column
function parsed<T>(json: string | null): T | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this file, or as a record
  return json === null ? null : (JSON.parse(json) as T);
}

interface ItemRow {
  readonly position: number;
  readonly runId: string;
  readonly itemId: string;
  readonly item: string;
}

/** JSON as text: it keeps what Postgres can't, such as NUL characters. */
function rowOf({ position, digest, input, runId, itemId }: StoredItem): ItemRow {
  const item: BatchItem = { position, digest, input };
  return { position, runId, itemId: JSON.stringify(itemId), item: JSON.stringify(item) };
}

function* inStatements(rows: readonly ItemRow[]): Generator<readonly ItemRow[]> {
  let statement: ItemRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(row.item);
    if (statement.length > 0 && bytes + size > STATEMENT_BYTES_MAX) {
      yield statement;
      statement = [];
      bytes = 0;
    }
    statement.push(row);
    bytes += size;
  }
  if (statement.length > 0) yield statement;
}
