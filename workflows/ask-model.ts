// One turn's question to the model: what it may use, what it must be warned of, what is new.

import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { warningNote, warningsDue } from "../src/domain/limits.ts";
import { systemNote } from "../src/domain/message.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import { formatUsd } from "../src/domain/pricing.ts";
import type { CallModelResult, Entry, Reply } from "../src/domain/run.ts";
import { limitsNow, used, type RunState } from "../src/domain/run-state.ts";
import { modelCalling } from "./activity-options.ts";
import type { Run } from "./run.ts";
import { endOf, isCancelled, isEndOfWork } from "./run-end.ts";
import { summaryOf } from "./run-view.ts";
import { withTranscript } from "./transcript.ts";

type ModelAnswer = CallModelResult | Extract<Outcome, { kind: "stopped" }>;

export async function askModel(run: Run): Promise<ModelAnswer> {
  const { input, state } = run;
  const limits = limitsNow(state);
  const warnings = warningsDue(limits, used(state), state.nearCaps, state.warned);
  state.warned = [...state.warned, ...warnings.map(({ limit }) => limit)];
  state.untold = [...state.untold, ...warnings];
  const notes = notesFor(state);
  state.turn += 1;
  const { callModel: call } = proxyActivities<Activities>({
    ...modelCalling(state.snapshot.timers),
    summary: summaryOf(`turn ${state.turn}`, state.snapshot.model, ...soFar(state)),
  });
  try {
    const answer = await interruptibly(run, () =>
      call({
        turn: state.turn,
        tenant: input.tenant,
        session: input.session,
        agent: input.agent,
        head: state.head,
        entries: [...state.entries, ...notes],
        headTokens: state.headTokens,
        costCapMicroUsd: costCapOf(run),
        tokensLeft: limits.tokens - used(state).tokens,
        warnings,
      }),
    );
    if (answer.kind === "replied") told(state, notes, answer);
    return answer;
  } catch (error) {
    const end = endOf(error);
    if (end.kind !== "stopped") throw error;
    return end;
  }
}

/** A person who interrupts stops the call alone; the activity brings home what was written. */
async function interruptibly(
  { inbox }: Run,
  ask: () => Promise<CallModelResult>,
): Promise<CallModelResult> {
  const scope = new CancellationScope();
  inbox.onInterrupt(() => scope.cancel());
  try {
    return await scope.run(() => withTranscript(ask));
  } catch (error) {
    const isStopped = scope.consideredCancelled && !isCancelled();
    if (!isStopped || !isEndOfWork(error)) throw error;
    return { kind: "interrupted", crashTaxMicroUsd: 0 };
  } finally {
    inbox.onInterrupt(null);
  }
}

/** The lower of what the caller and the agent's definition allow; null where neither says. */
function costCapOf({ input, state }: Run): number | null {
  const caps = [input.limits.costMicroUsd, state.snapshot.agentCapMicroUsd];
  const said = caps.filter((cap) => cap !== undefined);
  return said.length === 0 ? null : Math.min(...said);
}

function soFar({ headTokens, spentMicroUsd }: RunState): string[] {
  return headTokens === 0 ? [] : [`${headTokens} tokens`, `${formatUsd(spentMicroUsd)} spent`];
}

/** A note may only follow what a user or a tool said; a call that was denied told the model nothing. */
function notesFor({ untold, entries }: RunState): Entry[] {
  if (untold.length === 0 || entries.length === 0) return [];
  return [{ message: systemNote(warningNote(untold)) }];
}

/** A reply without content leaves no message behind, so what was asked is still the end. */
function told(state: RunState, notes: readonly Entry[], reply: Reply): void {
  const asked = notes.length > 0 || (state.entries.length === 0 && state.endsWithNote);
  state.endsWithNote = asked && reply.message.content.length === 0;
  if (notes.length > 0) state.untold = [];
}
