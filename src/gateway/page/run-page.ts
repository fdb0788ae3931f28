// One run: its head with what can be done to it, its conversation, and beside it time and money.

import { api, type RunShown } from "./api.ts";
import { Conversation } from "./conversation.ts";
import { CostChart } from "./cost-chart.ts";
import { duration } from "./format.ts";
import { useHurry, useNow, usePolled, useTitle, useWide, type Polled } from "./hooks.ts";
import { focusOn, useKeys } from "./shortcuts.ts";
import { MessageBox } from "./message-box.ts";
import { News } from "./news.ts";
import { Trouble } from "./parts.ts";
import { BudgetMeter, RunHead } from "./run-head.ts";
import type { RunModel } from "./run-model.ts";
import type { StatusNow, Steers } from "./steering.ts";
import { Timeline } from "./timeline.ts";
import { useFollowing } from "./use-following.ts";
import { useRunStream, type RunStream } from "./use-run-stream.ts";
import { html, useEffect, type Child, type VNode } from "./vendor/preact.js";
import { shownLine } from "../../domain/shown-text.ts";

/**
 * The events tell all but a pause. A run that rests tells nothing, so it is asked about once when it has
 * fallen silent, and hardly ever after; where the stream is cut off only asking tells anything.
 */
const ASK_AGAIN_MS = { live: 60_000, away: 10_000 } as const;
const SILENT_MS = 3000;
/** After a button was pressed, until the run has heard of it: a signal takes a moment. */
const HURRIED = { everyMs: 700, forMs: 15_000 };

/** After each of them it is looked at more often for a while. */
function steering(runId: string, hurry: () => void): Steers {
  const then = async <T>(asked: Promise<T>): Promise<T> => {
    const answer = await asked;
    hurry();
    return answer;
  };
  return {
    steer: async (how) => void (await then(api.steer(runId, how))),
    cancel: async (force) => await then(api.cancel(runId, force)),
    addMoney: async (usd) => void (await then(api.addMoney(runId, usd))),
  };
}

export function RunPage({ runId }: { runId: string }): VNode {
  const stream = useRunStream(runId);
  const [isHurried, hurry] = useHurry(HURRIED.forMs);
  const { model } = stream;
  const everyMs = isHurried ? HURRIED.everyMs : askAgainMs(stream);
  const shown = usePolled(() => api.run(runId), everyMs, [runId, everyMs]);
  const status = statusNow(model, shown.data);
  const task = taskOf(model) ?? shown.data?.task ?? "";
  useTitle(task === "" ? runId : shownLine(task, 60));
  // Before it is known that the run goes on, nobody is taken to its end.
  const isUnderWay = shown.data !== null && status.status !== "ended";
  const following = useFollowing(stream.frame, isUnderWay);
  // One that was paused and begins a turn was resumed, perhaps elsewhere.
  const restedAt = shown.data?.status === "paused" ? model.figures.turns : null;
  useEffect(() => void shown.reload(), [model.waiting, restedAt, model.lostAttempts]);
  useEffect(() => {
    if (status.status === "ended") return;
    const timer = setTimeout(() => void shown.reload(), SILENT_MS);
    return () => clearTimeout(timer);
  }, [stream.frame]);
  const steers = steering(runId, hurry);
  const isOpen = status.status !== "ended";
  useKeys({
    a: () => focusOn("[data-approve]"),
    m: () => focusOn("#message"),
    f: following.jump,
    p: () => {
      if (isOpen)
        void steers.steer(status.status === "paused" ? "resume" : "pause").catch(() => {});
    },
  });

  if (stream.state.kind === "refused") {
    return html`<main id="main" class="narrow">
      <h1 tabindex="-1">No such run</h1>
      <${Trouble} error=${stream.state.error} />
      <p><a href="#/">All runs</a></p>
    </main>`;
  }
  return html`<main id="main" class="run">
    <${RunHead}
      runId=${runId}
      task=${task}
      shown=${shown.data}
      model=${model}
      status=${status}
      steers=${steers}
    />
    <${News} text=${model.news} />
    <${StreamTrouble} stream=${stream} shown=${shown} />
    <div class="columns">
      <div class="talk">
        <${Conversation} runId=${runId} items=${model.items} />
        ${
          following.isBehind &&
          html`<button type="button" class="jump" onClick=${following.jump}>Newest ↓</button>`
        }
        ${isOpen && html`<${MessageBox} runId=${runId} items=${model.items} />`}
      </div>
      <${Beside} model=${model} isOpen=${isOpen} />
    </div>
  </main>`;
}

function Beside({ model, isOpen }: { model: RunModel; isOpen: boolean }): VNode {
  const nowMs = useNow(isOpen ? 500 : null);
  const endMs = isOpen ? nowMs : (model.lastMs ?? nowMs);
  const isWide = useWide();
  return html`<aside aria-label="Time and money">
    <details open=${isWide}>
      <summary>Budget and time line</summary>
      <section aria-label="Budget">
        <h2>Budget</h2>
        <${BudgetMeter} figures=${model.figures} />
        <${CostChart} costs=${model.costs} />
      </section>
      <section aria-label="Time line">
        <h2>
          Time line
          ${
            model.startedMs !== null &&
            html`<span class="muted"> ${duration(endMs - model.startedMs)}</span>`
          }
        </h2>
        <${Timeline} items=${model.items} nowMs=${endMs} />
      </section>
    </details>
  </aside>`;
}

function StreamTrouble({ stream, shown }: { stream: RunStream; shown: Polled<RunShown> }): Child {
  const { state } = stream;
  if (state.kind === "away") {
    return html`<p class="trouble is-away" role="status">
      The live view is cut off (${state.why}). It goes on by itself where it stopped.
    </p>`;
  }
  return html`<${Trouble} error=${shown.error} />`;
}

/** A run that has ended changes no more. */
function askAgainMs({ state, model }: RunStream): number {
  if (state.kind === "ended" || model.result !== null) return Infinity;
  return ASK_AGAIN_MS[state.kind === "away" ? "away" : "live"];
}

function taskOf(model: RunModel): string | null {
  const first = model.items[0];
  return first?.kind === "task" ? first.text : null;
}

const RESTS_NOT = { outcome: null, mayResume: false, mayAdd: false } as const;

/** The stream is quicker than the polled state, but does not tell of a pause. */
function statusNow(model: RunModel, shown: RunShown | null): StatusNow {
  const ended =
    model.result?.outcome.kind ?? (shown?.status === "ended" ? shown.outcome?.kind : null);
  if (ended != null) return { ...RESTS_NOT, status: "ended", outcome: ended };
  if (shown?.status === "paused") return { ...RESTS_NOT, status: "paused", mayResume: true };
  const { waiting } = model;
  const mayResume = waiting === "budget" || waiting === "provider";
  const status = waiting === null ? "running" : "waiting";
  return { status, outcome: null, mayResume, mayAdd: waiting === "budget" };
}
