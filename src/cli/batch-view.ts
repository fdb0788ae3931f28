// How a batch is shown while it goes on: one line that is written over in a terminal, lines now and
// then in a pipe, one JSON object a step for a program.

import type { BatchShown } from "../client/batches.ts";
import { endedCount, type EndedCounts } from "../domain/batch.ts";
import { shownLine } from "../domain/shown-text.ts";
import type { CliContext } from "./context.ts";
import { duration, usd } from "./format.ts";
import { terminalKind } from "./terminal-kind.ts";

export interface BatchView {
  step(shown: BatchShown): void;
  notice(text: string): void;
  end(shown: BatchShown): void;
  close(): void;
}

/** In a pipe: often enough to see that it goes on. */
const PLAIN_STEPS = 20;
const ERASE_LINE = "\r\u001b[2K";

export function createBatchView(context: CliContext, json: boolean): BatchView {
  if (json) return jsonView(context);
  return terminalKind(context) === "full" ? terminalView(context) : plainView(context);
}

/** `12 of 100 · 11 answered, 1 failed · $0.0123 of $1.00` */
export function batchLine({ items, ended, costUsd, capUsd }: BatchShown): string {
  const cap = capUsd === null ? "" : ` of ${usd(capUsd)}`;
  const parts = [`${endedCount(ended)} of ${items} ended`, kindsOf(ended), `${usd(costUsd)}${cap}`];
  return parts.filter((part) => part !== "").join(" · ");
}

export function summaryOf(shown: BatchShown): readonly string[] {
  const { result, status } = shown;
  if (result === null) return [`${batchLine(shown)} · ${status} from outside`];
  const { outcome, notStarted, durationMs } = result;
  const why =
    outcome.kind === "stopped"
      ? [`stopped at a limit (${outcome.limit}): ${shownLine(outcome.message, 400)}`]
      : [];
  const isCancelled = outcome.kind === "cancelled" ? ["cancelled"] : [];
  const left = notStarted === 0 ? [] : [`${notStarted} not started`];
  return [[batchLine(shown), ...left, duration(durationMs)].join(" · "), ...why, ...isCancelled];
}

function kindsOf(ended: EndedCounts): string {
  return Object.entries(ended)
    .filter(([, runs]) => runs > 0)
    .map(([kind, runs]) => `${runs} ${kind}`)
    .join(", ");
}

function jsonView({ stdout, stderr }: CliContext): BatchView {
  let last = "";
  const write = (value: object): void => void stdout.write(`${JSON.stringify(value)}\n`);
  return {
    step({ batchId, items, ended, costUsd }) {
      const step = JSON.stringify({ items, ended, costUsd });
      if (step !== last) write({ type: "batch.progress", batchId, items, ended, costUsd });
      last = step;
    },
    notice: (text) => void stderr.write(`${text}\n`),
    end: (shown) => write(shown.result ?? { ...shown, type: "batch.broken" }),
    close: () => {},
  };
}

function plainView({ stdout, stderr }: CliContext): BatchView {
  let shownAt = 0;
  return {
    step(shown) {
      const now = endedCount(shown.ended);
      if (now === 0 || now - shownAt < shown.items / PLAIN_STEPS) return;
      shownAt = now;
      stderr.write(`${batchLine(shown)}\n`);
    },
    notice: (text) => void stderr.write(`${text}\n`),
    end: (shown) => void stdout.write(`${summaryOf(shown).join("\n")}\n`),
    close: () => {},
  };
}

function terminalView({ stdout }: CliContext): BatchView {
  let isOpen = false;
  const line = (text: string): void => {
    stdout.write(`${isOpen ? ERASE_LINE : ""}${text}\n`);
    isOpen = false;
  };
  return {
    step(shown) {
      stdout.write(`${ERASE_LINE}${batchLine(shown)}`);
      isOpen = true;
    },
    notice: line,
    end: (shown) => line(summaryOf(shown).join("\n")),
    close() {
      if (isOpen) stdout.write("\n");
    },
  };
}
