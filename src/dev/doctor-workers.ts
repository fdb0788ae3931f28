// Who serves the queues, as which build, and which open runs nobody serves.

import { DUTIES, type Duty } from "../domain/duty.ts";
import { fleetText, type Fleet } from "../domain/fleet.ts";
import { missingFor, strandedMended, strandedText } from "../domain/missing-workers.ts";
import type { TemporalAccess } from "../temporal/access.ts";
import { queueOf } from "../temporal/queues.ts";
import { ok, warn, type Check } from "./check.ts";
import { readFleet, readStranded } from "./temporal-client.ts";

export async function checkWorkers(
  target: TemporalAccess,
  taskQueue: string,
): Promise<readonly Check[]> {
  const fleet = await readFleet(target, taskQueue).catch(() => null);
  if (fleet === null) {
    const fix = "run `pawl doctor` again; the server's log has the reason";
    return [warn("worker", "Temporal does not say who polls", fix)];
  }
  return [
    checkFleet(fleet, target.namespace, taskQueue),
    ...(await checkStranded(target, taskQueue, fleet)),
  ];
}

function checkFleet(fleet: Fleet, namespace: string, taskQueue: string): Check {
  const missing = missingFor(fleet, namespace);
  if (missing === null) {
    return ok("worker", `${fleetText(fleet, "named")} on ${queuesOf(DUTIES, taskQueue)}`);
  }
  if (missing.kind === "build") return warn("worker", missing.what, missing.next);
  const unserved = DUTIES.filter((duty) => !fleet[duty].pollers.some(({ lives }) => lives));
  const fix = `start one: ${missing.next}`;
  return warn("worker", `nobody polls ${queuesOf(unserved, taskQueue)}`, fix);
}

/** Nothing is said where there are none. */
async function checkStranded(
  target: TemporalAccess,
  taskQueue: string,
  fleet: Fleet,
): Promise<readonly Check[]> {
  const stranded = await readStranded(target, taskQueue, fleet).catch(() => []);
  const wrong = strandedText(stranded);
  return wrong === null ? [] : [warn("versions", wrong, strandedMended(stranded))];
}

function queuesOf(duties: readonly Duty[], taskQueue: string): string {
  return duties.map((duty) => queueOf(taskQueue, duty)).join(", ");
}
