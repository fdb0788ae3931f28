// What Temporal's Web UI, the list of runs and the event stream show of a run. Each is written where it changed,
// in the same breath as the fact that changed it. Search attributes cost an event each, so figures are written
// every few turns; the details cost nothing and are written every turn.

import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from "@temporalio/workflow";
import type { SearchAttributePair } from "@temporalio/common";
import { RUN_LIMITS } from "../../src/domain/limit-table.ts";
import { formatUsd, usdOf } from "../../src/domain/money.ts";
import { limitsNow, used } from "../../src/domain/run/counts.ts";
import { flagsOf } from "../../src/domain/run/flagged.ts";
import { isFull } from "../../src/domain/run/mail.ts";
import { isSimulated } from "../../src/domain/run/result.ts";
import { questionsOf, silentOf } from "../../src/domain/run/questions.ts";
import { expiredOf, pendingOf, statusOf } from "../../src/domain/run/shown.ts";
import type { Counts, Memory, RunState } from "../../src/domain/run/state.ts";
import { COLUMNS } from "../../src/temporal/columns.ts";
import { MEMOS } from "../../src/temporal/names.ts";
import type { Approvals } from "../../src/domain/approval.ts";
import type { QuestionsNow } from "../../src/domain/question.ts";

const FIGURES_EVERY_TURNS = 10;

/** Of what the server takes (200 bytes) the longest text in any script. */
const SUMMARY_CHARS = 64;

/** One line beside an activity or timer in the Web UI. */
export function summaryOf(...parts: readonly string[]): string {
  return parts.join(" · ").slice(0, SUMMARY_CHARS).toWellFormed();
}

export function show(before: RunState, after: RunState): void {
  showMemos(before, after);
  const attributes = attributesChanged(before, after);
  if (attributes.length > 0) upsertSearchAttributes(attributes);
  const { memory } = after;
  if (memory !== null && memory.counts !== before.memory?.counts) {
    setCurrentDetails(details(memory));
  }
}

function showMemos(before: RunState, after: RunState): void {
  if (before.wait !== after.wait) upsertMemo({ [MEMOS.waiting]: after.wait });
  // It measures all that is unread, and most facts are none of people.
  if (before.mail !== after.mail) {
    const full = isFull(after.mail);
    if (full !== isFull(before.mail)) upsertMemo({ [MEMOS.inboxFull]: full });
  }
  const flags = flagsOf(after);
  if (flags.join() !== flagsOf(before).join()) upsertMemo({ [MEMOS.flagged]: flags });
  if (roundsOpen(before) !== roundsOpen(after)) {
    const questions: QuestionsNow = { waiting: questionsOf(after), silent: silentOf(after) };
    upsertMemo({ [MEMOS.questions]: questions });
  }
  if (pendingIds(before) === pendingIds(after)) return;
  const approvals: Approvals = { waiting: pendingOf(after), expired: expiredOf(after) };
  upsertMemo({ [MEMOS.approvals]: approvals });
}

function roundsOpen(state: RunState): string {
  return questionsOf(state)
    .map(({ callId, round }) => `${callId}/${round}`)
    .join();
}

function pendingIds(state: RunState): string {
  return pendingOf(state)
    .map(({ callId }) => callId)
    .join();
}

/** With the figures of the moment where the status changes: a run that waits may be looked at for days. */
function attributesChanged(before: RunState, after: RunState): SearchAttributePair[] {
  const status = statusOf(after);
  if (status === "ended") return atEnd(after);
  const { counts } = after.memory ?? {};
  if (counts === undefined) return [];
  if (status !== statusOf(before))
    return [{ key: COLUMNS.status, value: status }, ...figures(counts)];
  const isReply = counts.models !== before.memory?.counts.models;
  return isReply && counts.turn % FIGURES_EVERY_TURNS === 0 ? figures(counts) : [];
}

function atEnd({ phase, memory }: RunState): SearchAttributePair[] {
  if (phase.kind !== "closed") return [];
  return [
    { key: COLUMNS.status, value: "ended" },
    { key: COLUMNS.outcome, value: phase.outcome.kind },
    { key: COLUMNS.costUsd, value: usdOf(phase.ledger.spentMicroUsd) },
    { key: COLUMNS.turns, value: memory?.counts.turn ?? 0 },
  ];
}

function figures({ spentMicroUsd, turn }: Counts): SearchAttributePair[] {
  return [
    { key: COLUMNS.costUsd, value: usdOf(spentMicroUsd) },
    { key: COLUMNS.turns, value: turn },
  ];
}

function details(memory: Memory): string {
  const { counts, talk, models } = memory;
  const limits = limitsNow(memory);
  const now = used(memory);
  const rows = [
    ["spent", formatUsd(now.costMicroUsd), formatUsd(limits.costMicroUsd)],
    ["of it for lost attempts", formatUsd(counts.crashTaxMicroUsd), ""],
    ...RUN_LIMITS.map(({ what, field }) => [what, String(now[field]), String(limits[field])]),
  ];
  const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const said = talk.answer === null ? "" : `\n\nLast said: ${talk.answer.slice(0, 500)}`;
  const simulated = isSimulated(memory) ? " · offline model, costs simulated" : "";
  return `Turn ${counts.turn} · ${models.last.model}${simulated}\n\n| | used | of |\n|---|---|---|\n${table}${said}`;
}
