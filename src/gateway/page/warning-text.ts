// How a warning of a run reads among its notes, and the word of a tool that is under way.

import type { RunEvent } from "../../domain/run-event.ts";
import { count, usd, words } from "./format.ts";

type Warning = Extract<
  RunEvent,
  {
    type:
      "input.flagged" | "budget.warning" | "limit.lowered" | "usage.estimated" | "tool.compensated";
  }
>;

type Of<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

export function warningText(event: Warning): string {
  switch (event.type) {
    case "input.flagged":
      return `${event.messageId === undefined ? "the task" : "a message"} meets the rule ${event.rule} at character ${event.position}`;
    case "tool.compensated":
      return undoText(event);
    case "budget.warning":
      return `${words(event.limit)} budget: ${share(event)} is used`;
    case "limit.lowered": {
      const inUnits = event.limit === "cost" ? usd : count;
      return `${words(event.limit)}: ${inUnits(event.asked)} was asked, ${inUnits(event.allowed)} is allowed`;
    }
    case "usage.estimated":
      return event.reason === "uncounted"
        ? "the provider counts no tokens; costs are worst cases"
        : "what the provider counts can't be true; the worst case is charged instead";
  }
}

export function progressText({ text, share: done }: Of<"tool.progress">): string {
  return done === null ? text : `${Math.floor(done * 100)} % ${text}`;
}

function undoText({ tool, turn, undo, message }: Of<"tool.compensated">): string {
  const what = `${tool} of turn ${turn}`;
  if (undo === "undone") return `${what} was undone`;
  return undo === "absent"
    ? `${what} had changed nothing`
    : `${what} could not be undone: ${message ?? ""}`;
}

function share({ used, cap }: { used: number; cap: number }): string {
  return cap > 0 ? `${Math.floor((used / cap) * 100)} %` : "all";
}
