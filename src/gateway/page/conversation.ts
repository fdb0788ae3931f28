// The conversation of a run. Each item is redrawn only when its version changed.

import type { RunResult } from "../../domain/outcome.ts";
import { clock, count, duration, usd, words } from "./format.ts";
import { Blocks, Text } from "./parts.ts";
import { HEADING_CHARS } from "./run-head.ts";
import type { EndItem, Item, MessageItem, ReplyItem, Retry, ToolItem } from "./run-items.ts";
import { Component, html, type Child, type VNode } from "./vendor/preact.js";
import { WaitingCall, WaitingQuestion } from "./waiting-call.ts";

interface Props {
  readonly runId: string;
  readonly item: Item;
  /** The item's when this was drawn; the item itself changes in place. */
  readonly version: number;
}

class ItemView extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return next.item !== this.props.item || next.version !== this.props.version;
  }

  override render({ runId, item }: Props): Child {
    switch (item.kind) {
      case "task":
        return isHeading(item.text) ? null : said("task", "Task", item.text);
      case "message":
        return html`<${MessageView} item=${item} />`;
      case "reply":
        return html`<${ReplyView} item=${item} />`;
      case "tool":
        return html`<${ToolView} item=${item} />`;
      case "approval":
        return item.decided === null && item.toMs === null
          ? html`<${WaitingCall} runId=${runId} asked=${item.asked} />`
          : decidedView(item);
      case "question":
        return item.answered === null && item.toMs === null
          ? html`<${WaitingQuestion} runId=${runId} asked=${item.asked} />`
          : answeredView(item);
      case "note":
        return html`<p class=${`note is-${item.tone}`}><${Text} text=${item.text} /></p>`;
      case "end":
        return html`<${EndView} item=${item} />`;
    }
  }
}

export function Conversation({ runId, items }: { runId: string; items: readonly Item[] }): VNode {
  return html`<section class="conversation" aria-label="Conversation">
    ${items.map(
      (item) =>
        html`<${ItemView} key=${item.key} runId=${runId} item=${item} version=${item.version} />`,
    )}
  </section>`;
}

/** A task that the heading of the page shows whole is not told twice. */
function isHeading(task: string): boolean {
  return task.length <= HEADING_CHARS && !task.includes("\n");
}

function said(kind: string, who: string, text: string): VNode {
  return html`<article class=${`said is-${kind}`} tabindex="-1" data-step>
    <h2>${who}</h2>
    <${Blocks} blocks=${[text]} />
  </article>`;
}

function MessageView({ item }: { item: MessageItem }): VNode {
  return html`<article class="said is-message" tabindex="-1" data-step>
    <h2>
      <${Text} text=${item.by} />
      <span class="muted">${item.mode === "interrupt" ? " interrupted" : " wrote"}</span>
    </h2>
    <${Blocks} blocks=${[item.text]} />
  </article>`;
}

function ReplyView({ item }: { item: ReplyItem }): VNode {
  const { turn, isOpen, stopReason, purpose, costUsd, outputTokens, fromMs, toMs } = item;
  const lost = item.crashTaxUsd > 0 ? [`${usd(item.crashTaxUsd)} for lost attempts`] : [];
  const isBought = stopReason !== "";
  const facts = [
    ...purposeOf(purpose),
    ...(item.attempt > 1 ? [`attempt ${item.attempt}`] : []),
    item.free ? "free" : usd(costUsd),
    ...lost,
    `${count(outputTokens)} tokens`,
    duration((toMs ?? fromMs) - fromMs),
    ...(UNUSUAL.has(stopReason) ? [words(stopReason)] : []),
  ];
  return html`<article
    class=${`said is-reply ${isOpen ? "is-open" : ""}`}
    tabindex="-1"
    data-step
    data-turn=${turn}
    data-mended=${item.isMended ? "true" : undefined}
    aria-busy=${isOpen ? "true" : "false"}
  >
    <h2>
      Turn ${turn}${" "}
      <span class="muted">
        ${isOpen ? openState(item) : isBought ? facts.join(" · ") : "no reply"}</span
      >
    </h2>
    <${Retries} retries=${item.retries} />
    ${
      item.withdrawn > 0 &&
      html`<p class="note is-warning">
        The text of ${item.withdrawn === 1 ? "an attempt" : `${item.withdrawn} attempts`} that was
        cut off is taken back.
      </p>`
    }
    ${item.blocks.length > 0 && html`<${Blocks} blocks=${item.blocks} />`}
  </article>`;
}

const PURPOSE: Readonly<Partial<Record<NonNullable<ReplyItem["purpose"]>, string>>> = {
  wrap_up: "sums up at a limit",
  summary: "sums up what grew too long",
  route: "is asked how hard the task is",
};

function purposeOf(purpose: ReplyItem["purpose"]): readonly string[] {
  return purpose === undefined ? [] : [PURPOSE[purpose] ?? words(purpose)];
}

const UNUSUAL = new Set(["max_tokens", "refusal", "pause_turn", "interrupted"]);

function openState({ chars, attempt, purpose, progress, isWaiting }: ReplyItem): string {
  const why = purposeOf(purpose).map((text) => ` · ${text}`);
  const which = attempt > 1 ? `${why.join("")}, attempt ${attempt}` : why.join("");
  if (isWaiting) return `waiting${which}`;
  if (progress !== "") return `${progress}${which}`;
  return chars === 0 ? `thinking${which}` : `writing${which}`;
}

function Retries({ retries }: { retries: readonly Retry[] }): Child {
  if (retries.length === 0) return null;
  return html`<ul class="retries">
    ${retries.map(({ attempt, code, message, atMs, nextMs }) => {
      const then = nextMs === null ? "" : `; again after ${duration(nextMs - atMs)}`;
      return html`<li>
        attempt ${attempt}: <span class="mono">${code}</span>${" "}
        <${Text} text=${message} />${then}
      </li>`;
    })}
  </ul>`;
}

function ToolView({ item }: { item: ToolItem }): VNode {
  const { tool, input, progress, output, isError, toMs, durationMs } = item;
  const isOpen = toMs === null;
  const state = isOpen ? "running" : isError ? "failed" : "done";
  return html`<article class=${`tool is-${state}`} tabindex="-1" data-step>
    <h3>
      <span class="mono"><${Text} text=${tool} /></span>
      <span class="muted">
        ${isOpen ? " running" : isError ? " failed" : ""}
        ${durationMs === null ? "" : ` ${duration(durationMs)}`}
      </span>
    </h3>
    <p class="mono io"><${Text} text=${input} /></p>
    <${Retries} retries=${item.retries} />
    ${isOpen && progress !== "" && html`<p class="muted"><${Text} text=${progress} /></p>`}
    ${output !== null && html`<p class="mono io output"><${Text} text=${output} /></p>`}
  </article>`;
}

function decidedView(item: Extract<Item, { kind: "approval" }>): VNode {
  const { asked, decided } = item;
  const how = decided === null ? "the run ended before anybody decided" : decided.verdict;
  const extras = [
    ...(decided?.edited === true ? ["with edited arguments"] : []),
    ...(decided?.always === true ? ["for the rest of the run"] : []),
    ...(decided?.by == null ? [] : [`by ${decided.by}`]),
    ...(decided?.reason == null ? [] : [`“${decided.reason}”`]),
  ].join(" ");
  return html`<p class=${`note is-${decided?.verdict ?? "info"}`} tabindex="-1" data-step>
    <span class="mono"><${Text} text=${asked.tool} /></span>${" "}
    <${Text} text=${`${how} ${extras}`} />
  </p>`;
}

function answeredView({ asked, answered }: Extract<Item, { kind: "question" }>): VNode {
  const actions = answered === null ? "" : Object.values(answered.actions).join(", ");
  const how =
    answered === null
      ? "the run ended before anybody answered"
      : answered.by === null
        ? "asked, and nobody answered in time"
        : `was answered by ${answered.by}: ${actions}`;
  return html`<p class="note" tabindex="-1" data-step>
    <span class="mono"><${Text} text=${asked.tool} /></span>${" "}<${Text} text=${how} />
  </p>`;
}

function EndView({ item }: { item: EndItem }): VNode {
  const { result, atMs } = item;
  const { outcome, toolCallsRefused: refused = 0 } = result;
  const message = outcome.kind === "answered" ? "" : outcome.message;
  const tax = result.crashTaxUsd > 0 ? `, ${usd(result.crashTaxUsd)} of it for lost attempts` : "";
  const facts = [
    `${result.modelCalls} model calls`,
    `${result.toolCalls + refused} tool calls${refused > 0 ? ` (${refused} refused)` : ""}`,
    duration(result.durationMs),
    result.free === true ? "free" : `${usd(result.costUsd)}${tax}`,
    clock(new Date(atMs).toISOString()),
  ];
  const partial = result.partial ? " What there is of an answer stands above." : "";
  return html`<article class=${`end is-${outcome.kind}`} tabindex="-1" data-step>
    <h2>${outcome.kind}${outcome.kind === "stopped" ? `: ${words(outcome.limit)} limit` : ""}</h2>
    ${message !== "" && html`<p><${Text} text=${`${message}.${partial}`} /></p>`}
    <p class="muted">${facts.join(" · ")}</p>
    ${standing(result).map((text) => html`<p class="note is-warning"><${Text} text=${text} /></p>`)}
  </article>`;
}

/** What tools did and nobody took back. */
function standing({ compensations = [] }: RunResult): readonly string[] {
  return compensations
    .filter(({ undo }) => undo !== "undone" && undo !== "absent")
    .map(({ tool, callId, isUnsure, message }) => {
      const why =
        message === undefined ? "it was not undone" : `it could not be undone: ${message}`;
      return `${tool} (call ${callId}) ${isUnsure === true ? "may stand" : "stands"}: ${why}`;
    });
}
