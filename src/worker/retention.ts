// What is older than PAWL_KEEP_DAYS is forgotten: a few times a day, by whichever worker of the fleet looks first.

import { forgetOld, takeChore } from "../store/retention.ts";
import type { RetentionTerms } from "../store/retention-pass.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const FIRST_LOOK_MS = 60_000;
const LOOK_EVERY_MS = 15 * 60_000;
const PASS_EVERY_MS = 6 * 3_600_000;

type Terms = Omit<RetentionTerms, "now" | "signal">;

/** Until what it returns is called. */
export function keepForgetting(terms: Terms, telemetry: Telemetry): () => void {
  const stop = new AbortController();
  const look = () => void forgetInTurn({ ...terms, signal: stop.signal }, telemetry);
  const first = setTimeout(look, FIRST_LOOK_MS);
  const looking = setInterval(look, LOOK_EVERY_MS);
  return () => {
    stop.abort();
    clearTimeout(first);
    clearInterval(looking);
  };
}

async function forgetInTurn(
  terms: Terms & Required<Pick<RetentionTerms, "signal">>,
  telemetry: Telemetry,
): Promise<void> {
  try {
    if (!(await takeChore(terms.db, "retention", PASS_EVERY_MS))) return;
    const startedAt = Date.now();
    const forgotten = await forgetOld({ ...terms, now: new Date() });
    telemetry.emit({ event: "retention_end", forgotten, latencyMs: Date.now() - startedAt });
  } catch (error) {
    if (!terms.signal.aborted) telemetry.emit({ event: "retention_failed", error });
  }
}
