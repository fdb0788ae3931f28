// Every approval and every question that waits, of all runs the caller may see; the one that ends first comes first.

import { api, type ApprovalWaiting, type QuestionsWaiting } from "./api.ts";
import { ago } from "./format.ts";
import { useNow, usePolled, useTitle, type Polled } from "./hooks.ts";
import { Text, Trouble } from "./parts.ts";
import { runHref } from "./route.ts";
import { html, type Child, type VNode } from "./vendor/preact.js";
import { WaitingCall, WaitingQuestion } from "./waiting-call.ts";

type WaitingForMe = ApprovalWaiting | QuestionsWaiting;
type Inbox = Polled<readonly WaitingForMe[]>;

export async function inboxNow(): Promise<readonly WaitingForMe[]> {
  return (await Promise.all([api.approvals(), api.questions()])).flat();
}

export function InboxPage({ inbox }: { inbox: Inbox }): VNode {
  useTitle("Approvals");
  const waiting = (inbox.data ?? []).toSorted((a, b) => a.deadlineAt.localeCompare(b.deadlineAt));
  return html`<main id="main" class="narrow">
    <h1 tabindex="-1">Approvals</h1>
    <${Trouble} error=${inbox.error} />
    ${
      inbox.data !== null &&
      waiting.length === 0 &&
      html`<p class="empty">
        Nothing waits for you. A run asks before it calls a tool that writes or executes, and where
        a tool wants to know something.
      </p>`
    }
    <ul class="inbox">
      ${waiting.map(
        (call) =>
          html`<${"round" in call ? Asking : Waiting}
            key=${`${call.runId}/${call.callId}/${"round" in call ? call.round : ""}`}
            ...${{ call, reload: inbox.reload }}
          />`,
      )}
    </ul>
  </main>`;
}

interface WaitingProps<Call> {
  readonly call: Call;
  readonly reload: () => Promise<void>;
}

/** The list holds shortened arguments; a person decides on all of them. */
function Waiting({ call, reload }: WaitingProps<ApprovalWaiting>): VNode {
  const { runId, callId } = call;
  const shown = usePolled(() => api.approval(runId, callId), Infinity, [runId, callId]);
  return html`<li>
    <${About} call=${call} />
    <${Trouble} error=${shown.error} />
    ${
      shown.data !== null &&
      html`<${WaitingCall} runId=${runId} asked=${shown.data} onDecided=${() => void reload()} />`
    }
  </li>`;
}

function Asking({ call, reload }: WaitingProps<QuestionsWaiting>): VNode {
  const { runId, callId } = call;
  const shown = usePolled(() => api.question(runId, callId), Infinity, [runId, callId]);
  return html`<li>
    <${About} call=${call} />
    <${Trouble} error=${shown.error} />
    ${
      shown.data !== null &&
      html`<${WaitingQuestion}
        runId=${runId}
        asked=${shown.data}
        onAnswered=${() => void reload()}
      />`
    }
  </li>`;
}

function About({ call }: { call: WaitingForMe }): Child {
  const nowMs = useNow(10_000);
  return html`<h2>
      <a href=${runHref(call.runId)} data-step><${Text} text=${call.task} /></a>
    </h2>
    <p class="muted">
      ${call.agent} · turn ${call.turn} · asked ${ago(call.requestedAt, nowMs)} ·
      <span class="mono"> ${call.runId}</span>
    </p>`;
}
