// One call that waits for a person: what the model wants to do, all of it, and the answer to it. The digest that
// is sent is taken here, of the arguments which are shown, and only once their end was seen it can be sent.

import { argsDigest } from "../../domain/args-digest.ts";
import { shownArguments } from "../../domain/shown-arguments.ts";
import { escapedInJson } from "../../domain/shown-text.ts";
import { callNumber } from "../../domain/tool-call.ts";
import { api, GatewayError, away, type DecisionOrder } from "./api.ts";
import { Arguments } from "./arguments.ts";
import { clock, untilTime } from "./format.ts";
import { useNow } from "./hooks.ts";
import { Text, Trouble, valueOf } from "./parts.ts";
import type { AskedCall } from "./run-items.ts";
import { html, useMemo, useRef, useState, type Child, type VNode } from "./vendor/preact.js";

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
  const form = useRef<HTMLFormElement | null>(null);
  const { lines, digest } = useMemo(() => readable(asked), [asked]);
  const [readDigest, setReadDigest] = useState("");
  const isTrue = digest === asked.argsDigest;
  const isReady = isTrue && readDigest === digest;

  const decide = async (verdict: DecisionOrder["verdict"]): Promise<void> => {
    if (verdict === "approve" && !isReady) return toArguments(form.current);
    setError(null);
    setIsBusy(true);
    try {
      // A denial holds for whatever waits; an approval for what stands here.
      const named = verdict === "deny" ? asked.argsDigest : digest;
      const order = orderOf({ verdict, argsDigest: named }, form.current, editing);
      const decided = await api.decide(runId, asked.callId, order);
      setSaid(decided.verdict);
      onDecided?.();
    } catch (caught) {
      setError(caught instanceof GatewayError ? caught : away(caught));
    }
    setIsBusy(false);
  };
  const edit = (): void => {
    if (!isReady) return toArguments(form.current);
    setEditing(editing === null ? editable(asked.input) : null);
  };

  if (said !== "") {
    return html`<p class="note" role="status">${asked.tool}: ${said} by you</p>`;
  }
  return html`<form
    class="approval"
    ref=${form}
    aria-label=${`Approval of ${asked.tool}`}
    onSubmit=${(event: Event) => event.preventDefault()}
  >
    <${Head} asked=${asked} />
    ${
      editing === null
        ? html`<${Arguments} lines=${lines} onEnd=${() => setReadDigest(digest)} />`
        : html`<${Editor} text=${editing} onInput=${setEditing} />`
    }
    ${!isTrue && html`<p class="trouble" role="alert">${NOT_TRUE}</p>`}
    <${Terms} id=${`${runId}/${asked.callId}`} tool=${asked.tool} />
    <${Actions} ...${{ isBusy, isReady, isEdited: editing !== null, digest, decide, edit }} />
    <${Trouble} error=${error} />
  </form>`;
}

function toArguments(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>(".arguments")?.focus();
}

function Head({ asked }: { asked: AskedCall }): Child {
  const { callId, tool, reason, deadlineAt } = asked;
  const nowMs = useNow(1000);
  return html`<p class="approval-head">
      ${callNumber(callId)} <strong class="mono"><${Text} text=${tool} /></strong> waits for your
      word${" "}
      <span class="muted" title=${clock(deadlineAt)}>
        (silence denies it ${untilTime(deadlineAt, nowMs)})
      </span>
    </p>
    <p class="muted"><${Text} text=${reason} /></p>`;
}

interface ActionsProps {
  readonly isBusy: boolean;
  /** The arguments were read to their end. */
  readonly isReady: boolean;
  readonly isEdited: boolean;
  readonly digest: string;
  readonly decide: (verdict: DecisionOrder["verdict"]) => Promise<void>;
  readonly edit: () => void;
}

function Actions({ isBusy, isReady, isEdited, digest, decide, edit }: ActionsProps): VNode {
  const notYet = isReady ? "false" : "true";
  const title = `sha256 of the arguments: ${digest}; your word holds for these alone`;
  return html`<div class="actions">
    <button
      type="button"
      class="primary"
      data-approve
      disabled=${isBusy}
      aria-disabled=${notYet}
      onClick=${() => decide("approve")}
    >
      ${isEdited ? "Approve as edited" : "Approve"}
    </button>
    <button type="button" class="danger" disabled=${isBusy} onClick=${() => decide("deny")}>
      Deny
    </button>
    <button type="button" disabled=${isBusy} aria-disabled=${notYet} onClick=${edit}>
      ${isEdited ? "Keep the model's" : "Edit arguments"}
    </button>
    <span class="muted mono digest" title=${title}>sha256 ${digest.slice(0, 12)}</span>
  </div>`;
}

const NOT_TRUE =
  "These are not the arguments that the run waits with, so this call can only be denied.";

interface Readable {
  readonly lines: readonly string[];
  readonly digest: string;
}

function readable({ tool, input }: AskedCall): Readable {
  return { lines: shownArguments(tool, input), digest: argsDigest(input) };
}

interface EditorProps {
  readonly text: string;
  readonly onInput: (text: string) => void;
}

function Editor({ text, onInput }: EditorProps): VNode {
  return html`<label class="field">
    Arguments to run instead (JSON); the model is told
    <textarea
      class="mono"
      rows=${Math.min(20, text.split("\n").length + 1)}
      spellcheck="false"
      value=${text}
      onInput=${(event: InputEvent) => onInput(valueOf(event))}
    ></textarea>
  </label>`;
}

function Terms({ id, tool }: { id: string; tool: string }): Child {
  return html`<div class="terms">
    <label class="field">
      Reason (kept with the decision)
      <input type="text" name="reason" maxlength="500" autocomplete="off" id=${`reason-${id}`} />
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

/** What hides stands there as JSON spells it, so that nobody sends what they did not see. */
function editable(input: unknown): string {
  return escapedInJson(JSON.stringify(input, null, 2) ?? "");
}
