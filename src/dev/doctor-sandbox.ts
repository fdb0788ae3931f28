// Behind which lock code is run: as the workers said when they started, or else as this machine would run it.

import type { AskSandbox } from "../sandbox/choose-sandbox.ts";
import type { Database } from "../store/database.ts";
import { sandboxesOfWorkers } from "../store/worker-sandboxes.ts";
import { ok, warn, type Check } from "./check.ts";

const MEND = "docs/running-code.md says what each tier needs; until then run_code is not offered";

/** Nothing is said where no worker's agents run code. */
export async function checkSandboxes(database: Database): Promise<readonly Check[]> {
  const told = await sandboxesOfWorkers(database);
  const first = told[0];
  if (first === undefined) return [];
  const without = told.filter(({ tier }) => tier === null);
  if (without.length > 0) {
    const what = without.map(({ place, detail }) => `none holds on ${place}: ${detail}`);
    return [warn("sandbox", what.join("; "), MEND)];
  }
  const tiers = [...new Set(told.map(({ tier, detail }) => `${tier} (${detail})`))];
  const count = `${told.length} worker${told.length > 1 ? "s" : ""}`;
  return [ok("sandbox", `${tiers.join(", ")}, for ${count}`)];
}

export async function checkOwnSandbox(ask: AskSandbox): Promise<Check> {
  const sandbox = await ask();
  if (sandbox.kind === "none") return warn("sandbox here", sandbox.why, MEND);
  return ok("sandbox here", `${sandbox.tier}: ${sandbox.evidence}`);
}
