// A page of the list of runs. The cursor is Temporal's own page token, bound to the filters it was
// made under: with others it is refused, and never pages through somebody else's runs.

import { createHash } from "node:crypto";
import type { Client } from "@temporalio/client";
import { executionInfoFromRaw } from "@temporalio/client/lib/helpers.js";
import { z } from "zod";
import { PawlError } from "../domain/errors.ts";
import { withoutReplaced } from "./newest-histories.ts";
import { LIMIT_DEFAULT, LIMIT_MAX, listed, type ListQuery, type RunListed } from "./run-list.ts";
import { visibilityQuery } from "./run-list.ts";
import { isSearchAttributeMissing } from "../temporal/search-attributes.ts";

export interface PageQuery extends ListQuery {
  /** As a page before gave it. */
  readonly cursor?: string;
}

export interface RunPage {
  readonly runs: readonly RunListed[];
  /** Null on the last page. */
  readonly next: string | null;
}

const TOKEN_TIMEOUT_MS = 4000;

const CURSOR = z.tuple([z.string(), z.string()]);

export async function pageOfRuns(
  client: Client,
  namespace: string,
  query: PageQuery,
): Promise<RunPage> {
  const filters = visibilityQuery(query);
  const nextPageToken = query.cursor === undefined ? null : tokenOf(query.cursor, filters);
  const request = {
    namespace,
    query: filters,
    pageSize: Math.min(query.limit ?? LIMIT_DEFAULT, LIMIT_MAX),
    ...(nextPageToken === null ? {} : { nextPageToken }),
  };
  const ask = () => client.workflowService.listWorkflowExecutions(request);
  try {
    // A token that a store can't read is a fault of the server to it, and the SDK would ask again and again.
    const answer = await (nextPageToken === null
      ? ask()
      : client.connection.withDeadline(Date.now() + TOKEN_TIMEOUT_MS, ask));
    const { loadedDataConverter } = client.options;
    const found = await Promise.all(
      answer.executions.map((raw) =>
        executionInfoFromRaw(raw, loadedDataConverter, raw, namespace),
      ),
    );
    const runs = (await withoutReplaced(client, found)).map(listed);
    return { runs, next: cursorOf(answer.nextPageToken, filters) };
  } catch (error) {
    // A server without our columns has not seen a run yet, so no run matches.
    if (isSearchAttributeMissing(error)) return { runs: [], next: null };
    // What a server says to a token that it did not make depends on its store. Where it answers the same question
    // from the beginning, the token is at fault, and not the server.
    if (nextPageToken === null) throw error;
    await client.workflowService.listWorkflowExecutions({ namespace, query: filters, pageSize: 1 });
    throw unusable();
  }
}

function cursorOf(token: Uint8Array, filters: string): string | null {
  if (token.length === 0) return null;
  const parts = [digest(filters), Buffer.from(token).toString("base64")];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

function tokenOf(cursor: string, filters: string): Uint8Array {
  const [made, token] = partsOf(cursor);
  if (made !== digest(filters)) throw unusable();
  return Buffer.from(token, "base64");
}

function partsOf(cursor: string): readonly [string, string] {
  try {
    return CURSOR.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw unusable();
  }
}

function unusable(): PawlError {
  return new PawlError("USAGE", "The cursor is not one that this list gave out for these filters.");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
