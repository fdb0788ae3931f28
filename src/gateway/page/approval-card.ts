// One call that waits for a person: what the model wants to do, all of it, and the answer to it.
// The digest that is sent is that of the arguments which are shown, so nobody approves unseen.

import { api, GatewayError, away, type DecisionOrder } from "./api.ts";
import { clock, untilTime } from "./format.ts";
import { useNow } from "./hooks.ts";
import { Text, Trouble } from "./parts.ts";
import type { AskedCall } from "./run-items.ts";
import { html, useRef, useState, type Child, type VNode } from "./vendor/preact.js";

export interface CardProps {
  readonly runId: string;
  readonly asked: AskedCall;
  readonly onDecided?: () => void;
}

export function ApprovalCard({ runId, asked, onDecided }: CardProps): VNode {
  const [editing, setEditing] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [error, setError] = useState<GatewayError | null>(null);
  const nowMs = useNow(1000);
  const form = useRef<HTMLFormElement | null>(null);

  const decide = async (verdict: DecisionOrder["verdict"]): Promise<void> => {
    setError(null);
    setIsBusy(true);
    try {
      const order = orderOf({ verdict, argsDigest: asked.argsDigest }, form.current, editing);
      const decided = await api.decide(runId, asked.callId, order);
      setSaid(decided.verdict);
      onDecided?.();
    } catch (caught) {
      setError(caught instanceof GatewayError ? caught : away(caught));
    }
    setIsBusy(false);
  };
  const edit = (): void => setEditing(editing === null ? pretty(asked.input) : null);

  if (said !== "") {
    return html`<p class="note" role="status">${asked.tool}: ${said} by you</p>`;
  }
  return html`<form
    class="approval"
    ref=${form}
    aria-label=${`Approval of ${asked.tool}`}
    onSubmit=${(event: Event) => event.preventDefault()}
  >
    <p class="approval-head">
      <strong class="mono"><${Text} text=${asked.tool} /></strong> waits for your word${" "}
      <span class="muted" title=${clock(asked.deadlineAt)}>
        (silence denies it ${untilTime(asked.deadlineAt, nowMs)})
      </span>
    </p>
    <p class="muted"><${Text} text=${asked.reason} /></p>
    <${Arguments} input=${asked.input} editing=${editing} onInput=${setEditing} />
    <${Terms} callId=${asked.callId} tool=${asked.tool} />
    <div class="actions">
      <button
        type="button"
        class="primary"
        data-approve
        disabled=${isBusy}
        onClick=${() => decide("approve")}
      >
        ${editing === null ? "Approve" : "Approve as edited"}
      </button>
      <button type="button" class="danger" disabled=${isBusy} onClick=${() => decide("deny")}>
        Deny
      </button>
      <button type="button" disabled=${isBusy} onClick=${edit}>
        ${editing === null ? "Edit arguments" : "Keep the model's"}
      </button>
      <span
        class="muted mono digest"
        title="sha256 of the arguments; your word holds for these alone"
      >
        sha256 ${asked.argsDigest.slice(0, 12)}
      </span>
    </div>
    <${Trouble} error=${error} />
  </form>`;
}

interface ArgumentsProps {
  readonly input: unknown;
  readonly editing: string | null;
  readonly onInput: (text: string) => void;
}

function Arguments({ input, editing, onInput }: ArgumentsProps): VNode {
  if (editing === null) {
    return html`<pre
      class="arguments"
      tabindex="0"
      role="region"
      aria-label="Arguments"
    ><${Text} text=${pretty(input)} /></pre>`;
  }
  return html`<label class="field">
    Arguments to run instead (JSON); the model is told
    <textarea
      class="mono"
      rows=${Math.min(20, editing.split("\n").length + 1)}
      spellcheck="false"
      value=${editing}
      onInput=${(event: InputEvent) => onInput(valueOf(event))}
    ></textarea>
  </label>`;
}

function Terms({ callId, tool }: { callId: string; tool: string }): Child {
  return html`<div class="terms">
    <label class="field">
      Reason (kept with the decision)
      <input
        type="text"
        name="reason"
        maxlength="500"
        autocomplete="off"
        id=${`reason-${callId}`}
      />
    </label>
    <label class="check">
      <input type="checkbox" name="always" /> Always approve ${tool} in this run
    </label>
  </div>`;
}

/** Throws a GatewayError where the arguments were edited into something that is no JSON object. */
function orderOf(
  base: DecisionOrder,
  form: HTMLFormElement | null,
  editing: string | null,
): DecisionOrder {
  const data = new FormData(form ?? undefined);
  const reason = textField(data, "reason");
  const isApproval = base.verdict === "approve";
  return {
    ...base,
    ...(reason === "" ? {} : { reason }),
    ...(isApproval && data.has("always") ? { always: true } : {}),
    ...(isApproval && editing !== null ? { editedInput: objectOf(editing) } : {}),
  };
}

function textField(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value.trim() : "";
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GatewayError(422, "", `The edited arguments are not JSON: ${why}`, "");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new GatewayError(422, "", "The arguments of a tool are a JSON object: { … }", "");
}

function pretty(input: unknown): string {
  return JSON.stringify(input, null, 2) ?? "";
}

export function valueOf(event: Event): string {
  const { target } = event;
  const isField =
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement;
  return isField ? target.value : "";
}
