// For pipes and files: the answer alone on stdout, so that `pawl run … > file` is the answer; what
// happens on the way, one line each, on stderr.

import type { RunEvent } from "../domain/run-event.ts";
import { shownLine, spelledOut, WHOLE } from "../domain/shown-text.ts";
import type { CliIo } from "./context.ts";
import { adviceOn, outcomeText, summaryLines } from "./format.ts";
import { lineOf } from "./narrate.ts";
import type { Renderer } from "./renderer.ts";

/** A line each is for a file. */
const PROGRESS_EVERY_MS = 10_000;

export function createPlain({ stdout, stderr }: Pick<CliIo, "stdout" | "stderr">): Renderer {
  let capUsd: number | null = null;
  let link: string | null = null;

  let progressAtMs = -Infinity;

  const say = (text: string): void => void stderr.write(`${text}\n`);

  function ended({ result }: Extract<RunEvent, { type: "run.ended" }>): void {
    if (result.answer !== null) stdout.write(`${spelledOut(result.answer)}\n`);
    const partial = result.partial ? " (the answer is partial)" : "";
    say(`${shownLine(outcomeText(result.outcome), WHOLE)}${partial}`);
    const advice = adviceOn(result.outcome);
    if (advice !== null) say(advice);
    for (const line of summaryLines(result, { capUsd, link })) say(line);
  }

  return {
    event(event) {
      if (event.type === "run.started") ({ link } = event);
      if (event.type === "turn.started") ({ capUsd } = event);
      if (event.type === "reply.progress" || event.type === "tool.progress") {
        const atMs = Date.parse(event.ts);
        if (atMs - progressAtMs < PROGRESS_EVERY_MS) return;
        progressAtMs = atMs;
      }
      const line = lineOf(event);
      if (line !== null) say(line.text);
      if (event.type === "run.ended") ended(event);
    },
    notice: say,
    freshLine: () => {},
    close: () => {},
  };
}
