// What the attempt before this one came to, as it told Temporal with its last beat. A retry alone knows nothing of
// it: that the provider says the same words in the same place again, and what a run ends with whose money went
// for attempts that came to nothing.

import { isErrorCode, type ErrorCode } from "../../src/domain/errors.ts";
import type { ModelCallError } from "../../src/model/model.ts";
import { OUTAGES } from "./denial.ts";

export interface FailureBefore {
  readonly code: ErrorCode;
  readonly message: string;
  /** What it said and where, without what differs each time. */
  readonly mark: string;
  /** In a row. */
  readonly times: number;
}

/** An outage may pass in between. */
const TIMES_MAX = 2;
const OUTAGE_TIMES_MAX = 3;

/** Null where there is none that can be read. */
export function failureBefore(details: unknown): FailureBefore | null {
  if (typeof details !== "object" || details === null) return null;
  const { code, message, mark, times } = details as Partial<Record<string, unknown>>;
  if (typeof code !== "string" || !isErrorCode(code) || typeof message !== "string") return null;
  if (typeof mark !== "string" || typeof times !== "number") return null;
  return { code, message, mark, times };
}

export function failureAfter(before: FailureBefore | null, error: ModelCallError): FailureBefore {
  const { code, message } = error;
  const mark = markOf(error);
  const times = before?.mark === mark ? before.times + 1 : 1;
  return { code, message, mark, times };
}

/** The same again would cost the same again. */
export function isRepeated({ times }: FailureBefore, { isSaid, code }: ModelCallError): boolean {
  return isSaid && times >= (OUTAGES.includes(code) ? OUTAGE_TIMES_MAX : TIMES_MAX);
}

/** Ids, times and counts differ in words that are the same. */
function markOf({ code, message, progress }: ModelCallError): string {
  const words = message.replace(/\b(?=\w*\d)[\w-]+\b/g, "#");
  return `${code} at block ${progress?.blocks ?? "none"}: ${words}`;
}
