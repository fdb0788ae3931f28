// Whether anything answers at a provider that is taken for down, asked by a request that costs nothing: a probe
// that is a call may cost its hold each time, as long as the outage lasts. Where something does answer, the call
// itself goes out, and its answer opens the way for all.

import { ModelCallError } from "../../src/model/model.ts";
import type { CallAttempt, PreparedCall } from "./call-attempt.ts";
import { logFailedProbe } from "./call-log.ts";
import { OUTAGES } from "./denial.ts";
import { giveBack, tellOutage, type LetOut } from "./gate-listener.ts";

/** What is wrong with the request itself, or with our way to the provider, the call shall find out and say. */
export async function isProbedInVain(
  { deps, attempt, request, ...at }: PreparedCall,
  letOut: LetOut,
): Promise<boolean> {
  if (letOut.pass.isProbe !== true) return false;
  try {
    await deps.model.ping(request.model, attempt.signal);
    return false;
  } catch (error) {
    if (!(error instanceof ModelCallError)) {
      await giveBack(deps, letOut);
      throw error;
    }
    if (error.isFinal || !OUTAGES.includes(error.code)) return false;
    logFailedProbe({ deps, attempt, ...at } satisfies CallAttempt, error);
    await tellOutage(deps, letOut);
    return true;
  }
}
