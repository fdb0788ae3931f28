// Every approval that waits, of all runs the caller may see; the oldest first.

import { api, type ApprovalWaiting } from "./api.ts";
import { ago } from "./format.ts";
import { useNow, usePolled, useTitle, type Polled } from "./hooks.ts";
import { Text, Trouble } from "./parts.ts";
import { runHref } from "./route.ts";
import { html, type VNode } from "./vendor/preact.js";
import { WaitingCall } from "./waiting-call.ts";

type Inbox = Polled<readonly ApprovalWaiting[]>;

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
        Nothing waits for you. A run asks before it calls a tool that writes or executes.
      </p>`
    }
    <ul class="inbox">
      ${waiting.map(
        (approval) =>
          html`<${Waiting}
            key=${`${approval.runId}/${approval.callId}`}
            approval=${approval}
            reload=${inbox.reload}
          />`,
      )}
    </ul>
  </main>`;
}

interface WaitingProps {
  readonly approval: ApprovalWaiting;
  readonly reload: () => Promise<void>;
}

/** The list holds shortened arguments; a person decides on all of them. */
function Waiting({ approval, reload }: WaitingProps): VNode {
  const { runId, callId } = approval;
  const shown = usePolled(() => api.approval(runId, callId), Infinity, [runId, callId]);
  const nowMs = useNow(10_000);
  return html`<li>
    <h2>
      <a href=${runHref(runId)} data-step><${Text} text=${approval.task} /></a>
    </h2>
    <p class="muted">
      ${approval.agent} · turn ${approval.turn} · asked ${ago(approval.requestedAt, nowMs)} ·
      <span class="mono"> ${runId}</span>
    </p>
    <${Trouble} error=${shown.error} />
    ${
      shown.data !== null &&
      html`<${WaitingCall} runId=${runId} asked=${shown.data} onDecided=${() => void reload()} />`
    }
  </li>`;
}
