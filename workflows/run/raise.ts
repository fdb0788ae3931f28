// A person lets the run go on with more money of its own. Refused where nothing would change by it.

import { defineUpdate, setHandler } from "@temporalio/workflow";
import { formatUsd } from "../../src/domain/money.ts";
import { canBeRaised, ceilingOf, costCapNow } from "../../src/domain/run/own-cap.ts";
import { raiseFrom, type Raise } from "../../src/domain/run/parse-resume.ts";
import type { RunState } from "../../src/domain/run/state.ts";
import { RAISE_UPDATE, type Raised } from "../../src/temporal/names.ts";
import type { Life } from "./life.ts";
import { refusal } from "./refusal.ts";

const raiseUpdate = defineUpdate<Raised, [unknown]>(RAISE_UPDATE);

export function hearRaises(life: Life): void {
  setHandler(raiseUpdate, (given) => raise(life, usable(given)), {
    validator: (given) => {
      usable(given);
      refuse(life.state);
    },
  });
}

function usable(given: unknown): Raise {
  const asked = raiseFrom(given);
  if ("value" in asked) return asked.value;
  throw refusal("INVALID_INPUT", `That adds nothing: ${asked.problem}.`);
}

/** What was accepted stands in history, and whoever reads it counts it: so it is refused no more. */
function raise(life: Life, { addMicroUsd, by }: Raise): Raised {
  const before = capIn(life.state);
  life.record({ kind: "resumed", by, addMicroUsd });
  const capMicroUsd = capIn(life.state);
  return { addedMicroUsd: Math.max(0, capMicroUsd - before), capMicroUsd };
}

function capIn({ memory }: RunState): number {
  return memory === null ? 0 : costCapNow(memory);
}

function refuse({ memory, calledOff, phase }: RunState): void {
  if (calledOff !== null || phase.kind === "closing" || phase.kind === "closed") {
    throw refusal("RUN_ENDED", "The run is ending; it takes no more money.");
  }
  if (memory === null) {
    throw refusal("NOTHING_CHANGED", "The run has not begun yet, so its cap is not known.");
  }
  if (canBeRaised(memory)) return;
  throw refusal(
    "NOTHING_CHANGED",
    `The run may already cost ${formatUsd(ceilingOf(memory))}, and its operator allows no run more ` +
      "(PAWL_RUN_CAP_USD of the worker, or the agent's own limit)",
  );
}
