// A run that is routed by a classifier begins with one small call: how hard is the task? It is a turn and a
// charge of its own, also where nothing comes of it, and no part of the transcript. Whatever goes wrong with it, the run goes on, in the
// medium tier.

import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { limitHit } from "../src/domain/limits.ts";
import { textOf, userMessage } from "../src/domain/message.ts";
import { payerOf } from "../src/domain/payer.ts";
import { awaitsVerdict, excerptOf, verdictIn, type Verdict } from "../src/domain/routing.ts";
import { limitsNow, takeCost, takeTax, used } from "../src/domain/run-state.ts";
import { tierChoosing } from "./activity-options.ts";
import { costCapOf } from "./ask-model.ts";
import { isCancelled, isEndOfWork } from "./run-end.ts";
import type { Run } from "./run.ts";
import { summaryOf } from "./run-view.ts";
import { withTranscript } from "./transcript.ts";

export function isTierOpen({ state }: Run): boolean {
  const limits = limitsNow(state);
  return awaitsVerdict(state, limits.modelCalls) && limitHit(limits, used(state)) === null;
}

export async function chooseTier(run: Run): Promise<void> {
  const { state } = run;
  const verdict = await ask(run);
  if (state.course !== undefined) state.course = { ...state.course, verdict };
}

async function ask(run: Run): Promise<Verdict> {
  const { input, state } = run;
  const model = state.snapshot.routing?.models.simple ?? state.snapshot.model;
  state.turn += 1;
  const { callModel: call } = proxyActivities<Activities>({
    ...tierChoosing(state.snapshot.timers),
    summary: summaryOf(`turn ${state.turn}, choosing a tier`, model),
  });
  try {
    const answer = await withTranscript(() =>
      call({
        turn: state.turn,
        purpose: { kind: "route" },
        lane: "live",
        payer: payerOf(input),
        head: state.head,
        entries: [{ message: userMessage(excerptOf(input.task)) }],
        headTokens: 0,
        budget: {
          costCapMicroUsd: costCapOf(run),
          spentMicroUsd: state.spentMicroUsd,
          tokensLeft: limitsNow(state).tokens - used(state).tokens,
          keepsFor: [],
        },
        warnings: [],
        course: { model, wanted: model, why: "" },
      }),
    );
    if (answer.kind === "replied") {
      takeCost(state, answer);
      return verdictIn(textOf(answer.message)) ?? medium("the classifier did not answer as asked");
    }
    if (answer.kind === "submitted") return medium("the classifier was put off");
    takeTax(state, answer.crashTaxMicroUsd);
    return medium(answer.kind === "denied" ? answer.message : "the classifier was stopped");
  } catch (error) {
    if (isCancelled() || !isEndOfWork(error)) throw error;
    return medium("the classifier failed");
  }
}

function medium(why: string): Verdict {
  return { tier: "medium", why };
}
