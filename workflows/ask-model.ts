// One turn's question to the model: what it may use, what it must be warned of, what is new.

import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { warningsDue } from "../src/domain/limits.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import type { CallModelResult } from "../src/domain/run.ts";
import { limitsNow, used } from "../src/domain/run-state.ts";
import { modelCalling } from "./activity-options.ts";
import type { Run } from "./run.ts";
import { endOf } from "./run-end.ts";
import { withTranscript } from "./transcript.ts";

type ModelAnswer = CallModelResult | Extract<Outcome, { kind: "stopped" }>;

export async function askModel({ input, state }: Run): Promise<ModelAnswer> {
  const limits = limitsNow(state);
  const warnings = warningsDue(limits, used(state), state.nearCaps, state.warned);
  state.warned = [...state.warned, ...warnings.map(({ limit }) => limit)];
  state.turn += 1;
  const { callModel: call } = proxyActivities<Activities>({
    ...modelCalling(state.snapshot.timers),
    summary: `turn ${state.turn} · ${state.snapshot.model} · ${state.headTokens} tokens so far`,
  });
  try {
    return await withTranscript(() =>
      call({
        turn: state.turn,
        tenant: input.tenant,
        session: input.session,
        agent: input.agent,
        head: state.head,
        entries: state.entries,
        headTokens: state.headTokens,
        costCapMicroUsd: input.limits.costMicroUsd ?? null,
        tokensLeft: limits.tokens - used(state).tokens,
        warnings,
      }),
    );
  } catch (error) {
    const end = endOf(error);
    if (end.kind !== "stopped") throw error;
    return end;
  }
}
