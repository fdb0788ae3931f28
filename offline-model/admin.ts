// The test's side of the server. Not part of the Messages API; bound to loopback like the rest.
//   PUT /admin/script [..]   PUT /admin/faults [..]   PUT /admin/pace {chunkDelayMs, chunkChars}
//   PUT /admin/limits {requests?, inputTokens?, outputTokens?, filled?}, a minute and model
//   PUT /admin/clock {aheadMs}   POST /admin/release {id?, runKey?}
//   PUT /admin/batches {delayMs?, fates?}   GET /admin/batches
//   GET /admin/billing   GET /admin/requests   DELETE /admin

import { z } from "zod";
import { invalidRequest } from "./api-error.ts";
import { batchFateList } from "./served-batches.ts";
import { faultList } from "./faults.ts";
import { limitList } from "./rate-limiter.ts";
import { scriptList } from "./script.ts";
import type { OfflineState } from "./offline-state.ts";

const pace = z.strictObject({
  chunkDelayMs: z.int().nonnegative(),
  chunkChars: z.int().positive().default(12),
});
const batches = z.strictObject({
  delayMs: z.int().nonnegative().optional(),
  fates: batchFateList.optional(),
});
const clock = z.strictObject({ aheadMs: z.int().nonnegative() });
const which = z.strictObject({ id: z.string().optional(), runKey: z.string().optional() });

export interface AdminCall {
  /** `PUT /admin/script`. */
  readonly route: string;
  body(): Promise<unknown>;
}

/** The answer, or undefined where there is no such route. */
// oxlint-disable-next-line eslint/complexity -- one case for each route
export async function answerAdmin(
  call: AdminCall,
  state: OfflineState,
): Promise<object | undefined> {
  switch (call.route) {
    case "PUT /admin/script": {
      const script = parse(scriptList, await call.body());
      state.script.replace(script);
      return { entries: script.length };
    }
    case "PUT /admin/faults": {
      const faults = parse(faultList, await call.body());
      state.faults.replace(faults);
      return { entries: faults.length };
    }
    case "PUT /admin/pace":
      state.pace = parse(pace, await call.body());
      return state.pace;
    case "PUT /admin/clock":
      state.clock = parse(clock, await call.body());
      return state.clock;
    case "PUT /admin/limits": {
      const limits = parse(limitList, await call.body());
      state.limiter.set(limits);
      return limits;
    }
    case "POST /admin/release":
      return { released: release(parse(which, await call.body()), state) };
    case "PUT /admin/batches": {
      const { delayMs, fates } = parse(batches, await call.body());
      if (fates !== undefined) state.batches.fates.replace(fates);
      if (delayMs !== undefined) state.batches.setDelay(delayMs);
      return { set: true };
    }
    case "GET /admin/batches":
      return { batches: state.batches.seen() };
    case "GET /admin/billing":
      return { records: state.billing.records() };
    case "GET /admin/requests":
      return { requests: state.requests.all() };
    case "DELETE /admin":
      reset(state);
      return { reset: true };
    default:
      return undefined;
  }
}

function release({ id, runKey }: z.infer<typeof which>, { waitingRoom }: OfflineState): number {
  return waitingRoom.release({
    ...(id === undefined ? {} : { id }),
    ...(runKey === undefined ? {} : { runKey }),
  });
}

/** Back to an empty server. Requests on hold go on; those in flight are still billed. */
function reset(state: OfflineState): void {
  state.script.replace([]);
  state.faults.replace([]);
  state.waitingRoom.release({});
  state.billing.clear();
  state.cache.clear();
  state.batches.clear();
  state.requests.clear();
  state.limiter.clear();
  state.clock = { aheadMs: 0 };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalidRequest(z.prettifyError(result.error));
}
