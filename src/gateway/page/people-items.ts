// What waits for people in a run, as items of its page: calls to be decided on, and tools that ask.

import { shownLine } from "../../domain/shown-text.ts";
import type { RunEvent } from "../../domain/run-event.ts";
import type { ApprovalItem, QuestionItem } from "./run-items.ts";

type Of<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;
type OfApproval = Of<"approval.requested" | "approval.decided">;
type OfQuestion = Of<"question.asked" | "question.answered">;

interface Taken {
  /** As it is now; null where it is none of those that were seen. */
  readonly item: ApprovalItem | QuestionItem | null;
  readonly news: string;
}

export class PeopleItems {
  readonly #approvals = new Map<string, ApprovalItem>();
  readonly #questions = new Map<string, QuestionItem>();

  take(event: OfApproval | OfQuestion, atMs: number): Taken {
    switch (event.type) {
      case "approval.requested":
      case "approval.decided":
        return this.#approval(event, atMs);
      case "question.asked":
      case "question.answered":
        return this.#question(event, atMs);
    }
  }

  /** None waits any more. */
  takeOpen(): readonly (ApprovalItem | QuestionItem)[] {
    const open = [...this.#approvals.values(), ...this.#questions.values()];
    this.#approvals.clear();
    this.#questions.clear();
    return open;
  }

  #approval(event: OfApproval, atMs: number): Taken {
    if (event.type === "approval.requested") {
      const { callId, tool, turn, input, argsDigest, reason, deadlineAt } = event;
      const asked = { callId, tool, turn, input, argsDigest, reason, deadlineAt };
      const item: ApprovalItem = { kind: "approval", asked, decided: null, ...begun(atMs) };
      this.#approvals.set(callId, item);
      return { item, news: `an approval is needed for ${shownLine(tool, 60)}` };
    }
    const item = this.#approvals.get(event.callId) ?? null;
    this.#approvals.delete(event.callId);
    if (item !== null) {
      item.decided = event;
      end(item, atMs);
    }
    return { item, news: `${shownLine(event.tool, 60)}: ${event.verdict}` };
  }

  #question(event: OfQuestion, atMs: number): Taken {
    if (event.type === "question.asked") {
      const { callId, tool, turn, round, questions, deadlineAt } = event;
      const asked = { callId, tool, turn, round, questions, deadlineAt };
      const item: QuestionItem = { kind: "question", asked, answered: null, ...begun(atMs) };
      this.#questions.set(callId, item);
      return { item, news: `${shownLine(tool, 60)} asks` };
    }
    const item = this.#questions.get(event.callId) ?? null;
    this.#questions.delete(event.callId);
    if (item !== null) {
      item.answered = event;
      end(item, atMs);
    }
    return { item, news: `${shownLine(event.tool, 60)} was answered` };
  }
}

function begun(atMs: number) {
  return { key: 0, version: 0, fromMs: atMs, toMs: null };
}

function end(item: ApprovalItem | QuestionItem, atMs: number): void {
  item.toMs = atMs;
  item.version += 1;
}
