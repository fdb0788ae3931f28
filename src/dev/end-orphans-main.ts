// Entry of the process that ends what a killed supervisor left: --state-dir DIR --why WORD. It holds the
// folder's lock meanwhile, as a supervisor does, so that a command that comes waits for the end of it.

import { parseArgs } from "node:util";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { endLeftovers } from "./leftovers.ts";
import { releaseLock, takeLock } from "./process-lock.ts";
import { forgetStack, stateFiles } from "./stack-state.ts";

const { values } = parseArgs({
  options: { "state-dir": { type: "string" }, why: { type: "string", default: "told_to" } },
});
const stateDir = values["state-dir"];
if (stateDir === undefined) throw new Error("--state-dir is missing");

const { lock, log } = stateFiles(stateDir);
if (takeLock(lock)) {
  try {
    openTelemetry({ level: "info", file: log }).emit({
      event: "stack_ending",
      why: `orphaned_${values.why}`,
    });
    forgetStack(stateDir);
    await endLeftovers(stateDir);
  } finally {
    releaseLock(lock);
  }
}
