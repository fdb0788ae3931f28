// A message that interrupts stops the reply in flight, and nothing else. Signals and results of one workflow
// task arrive in either order, so what follows from the two together must not depend on which is folded first.

import { isStep } from "../purpose.ts";
import type { RunFact } from "./facts.ts";
import { isNews } from "./mail.ts";
import type { RunState } from "./state.ts";

/** True while somebody wants the call in flight to stop. */
export function isInterrupted(state: RunState): boolean {
  const { phase, mail } = state;
  if (!canBeStopped(state) || (phase.kind !== "asking" && phase.kind !== "inLane")) return false;
  return mail.unread.slice(phase.unheard).some(({ mode }) => mode === "interrupt");
}

/** An aside and a live summary are short, and nobody reads along. */
export function canBeStopped({ phase }: RunState): boolean {
  if (phase.kind === "inLane") return true;
  if (phase.kind !== "asking" || phase.call.lane === "batch") return false;
  return isStep(phase.call.purpose);
}

/** True of an interrupt that stands beside a call which has just failed: it is what stopped it. */
export function stoppedIt({ phase, mail }: RunState, fact: RunFact): boolean {
  if (fact.kind !== "said" || phase.kind !== "ready" || phase.since.kind !== "failed") return false;
  const { message } = fact;
  return phase.since.stoppable && isNews(mail, message) && message.mode === "interrupt";
}
