// Says when this worker starts behind which lock it runs code, or that it runs none: for a worker with an agent that
// names run_code. All others neither probe nor tell.

import { hostname } from "node:os";
import type { AgentSource } from "../../activities/agents.ts";
import { runsCode } from "../../activities/tool-sources/sandboxed.ts";
import type { AskSandbox } from "../sandbox/choose-sandbox.ts";
import type { Database } from "../store/database.ts";
import { noteWorkerSandbox } from "../store/worker-sandboxes.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

interface Teller {
  readonly ask: AskSandbox;
  readonly agents: AgentSource;
  readonly db: Database;
  readonly telemetry: Telemetry;
  readonly leaseId: string;
}

/** Never throws: what can't be noted is said in the log all the same. */
export async function tellOfSandbox(teller: Teller): Promise<void> {
  const { ask, agents, db, telemetry, leaseId } = teller;
  if (!(await agents.list()).some(({ tools }) => runsCode(tools))) return;
  const sandbox = await ask();
  const tier = sandbox.kind === "holds" ? sandbox.tier : null;
  const detail = sandbox.kind === "holds" ? sandbox.evidence : sandbox.why;
  if (tier === null) telemetry.emit({ event: "sandbox_missing", why: detail });
  else telemetry.emit({ event: "sandbox_holds", tier, detail });
  await noteWorkerSandbox(db, { leaseId, tier, place: hostname(), detail }).catch(() => undefined);
}

/** Of a program that could not be locked in a model is told no more than that; the operator, why. */
export function tellingOfFaults(ask: AskSandbox, telemetry: Telemetry): AskSandbox {
  return async () => {
    const sandbox = await ask();
    if (sandbox.kind === "none") return sandbox;
    const run: typeof sandbox.run = async (program) => {
      try {
        return await sandbox.run(program);
      } catch (error) {
        if (!program.signal.aborted) telemetry.emit({ event: "sandbox_failed", error });
        throw error;
      }
    };
    return { ...sandbox, run };
  };
}
