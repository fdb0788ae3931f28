// A run that stops at a limit asks the model once more, tools off, to sum up what it has. The limit
// stays the outcome, and where the call can't be paid or fails the run stops as it would have.

import type { LimitHit } from "../src/domain/limits.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import { limitsNow, takeReply } from "../src/domain/run-state.ts";
import { leavesRoom } from "../src/domain/wrap-up.ts";
import { askModel, takeLoss, type ModelAnswer } from "./ask-model.ts";
import { isCancelled, isEndOfWork } from "./run-end.ts";
import type { Run } from "./run.ts";
import { waitForCapacity } from "./waiting.ts";

/** A run that was told to stop does not wait for ever to say what it found. */
const TURNS_WAITED_MAX = 20;

export async function stopAt(run: Run, { limit, message }: LimitHit): Promise<Outcome> {
  const stopped: Outcome = { kind: "stopped", limit, message };
  if (!canSumUp(run) || !leavesRoom(limit)) return stopped;
  run.state.continued = 0;
  try {
    const answer = await askInTurn(run, { limit, message });
    if (answer.kind === "replied") takeReply(run.state, answer);
    else if (answer.kind === "stopped") run.state.turn -= 1;
    else takeLoss(run.state, answer);
  } catch (error) {
    if (isCancelled() || !isEndOfWork(error)) throw error;
    run.state.turn -= 1;
  }
  return stopped;
}

async function askInTurn(run: Run, stop: LimitHit): Promise<ModelAnswer> {
  for (let waited = 0; ; waited += 1) {
    const answer = await askModel(run, { kind: "wrap_up", stop });
    const isInLine = answer.kind === "denied" && answer.why === "in_line";
    if (!isInLine || waited >= TURNS_WAITED_MAX) return answer;
    takeLoss(run.state, answer);
    await waitForCapacity(run, answer.message, answer.notBefore);
  }
}

/** There is something to sum up, and the transcript ends where the model may be asked. */
function canSumUp({ state }: Run): boolean {
  const mayBeAsked = state.entries.length > 0 || state.endsWithNote;
  const hasCallLeft = state.modelCalls > 0 && state.modelCalls < limitsNow(state).modelCalls;
  return state.snapshot.wrapUp === true && hasCallLeft && mayBeAsked;
}
