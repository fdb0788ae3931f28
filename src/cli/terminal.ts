// A run as a person watches it: append-only, so that scrolling back shows what was. Text appears as
// the model writes it; a spinner turns only where the cursor is at the start of a line.

import { styleText } from "node:util";
import type { RunEvent } from "../domain/run-event.ts";
import { shownLine, spelledOut, WHOLE } from "../domain/shown-text.ts";
import type { Output } from "./context.ts";
import { adviceOn, outcomeText, summaryLines, usd } from "./format.ts";
import { createMargin, type Margin } from "./margin.ts";
import { lineOf, progressText, type Tone } from "./narrate.ts";
import type { Renderer } from "./renderer.ts";

/** What turns while nothing is printed; a countdown ends with `untilMs`. */
export interface Spinner {
  start(text: string, untilMs: number | null): void;
  stop(): void;
}

export interface TerminalOptions {
  readonly out: Output;
  readonly colour: boolean;
  readonly spinner: Spinner;
  /** Where the terminal breaks lines; not set where it does not. */
  readonly columns?: () => number | undefined;
}

type Style = Parameters<typeof styleText>[0];

const STYLES: Readonly<Record<Tone, Style | null>> = {
  plain: null,
  dim: "dim",
  good: "green",
  warn: "yellow",
  bad: "red",
};

export function createTerminal(options: TerminalOptions): Renderer {
  return new Terminal(options);
}

class Terminal implements Renderer {
  readonly #options: TerminalOptions;
  readonly #margin: Margin;
  #atLineStart = true;
  #capUsd: number | null = null;
  #link: string | null = null;
  #introduced = false;
  readonly #tools = new Map<string, string>();
  readonly #asked = new Set<string>();

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#margin = createMargin(options.columns ?? (() => undefined));
  }

  event(event: RunEvent): void {
    this.#options.spinner.stop();
    if (event.type === "reply.delta") this.#write(this.#margin.within(spelledOut(event.text)));
    if (event.type === "reply.progress" || event.type === "tool.progress") {
      return this.#showLife(event);
    }
    const line = lineOf(event, this.#options.out);
    if (line !== null) this.#line(line.text, line.tone);
    this.#remember(event);
    this.#spin(event);
  }

  notice(text: string): void {
    this.#options.spinner.stop();
    this.#line(text, "warn");
  }

  freshLine(): void {
    this.#options.spinner.stop();
    this.#endLine();
  }

  close(): void {
    this.freshLine();
  }

  #remember(event: RunEvent): void {
    if (event.type === "run.started" && event.link !== null) {
      this.#link = event.link;
      this.#line(event.link, "dim");
    }
    if (event.type === "turn.started") this.#introduce(event);
    if (event.type === "tool.started") this.#tools.set(event.callId, event.tool);
    if (event.type === "tool.finished") this.#tools.delete(event.callId);
    this.#rememberAsked(event);
    if (event.type === "reply.finished") this.#endLine();
    if (event.type === "run.ended") this.#ended(event);
  }

  #rememberAsked(event: RunEvent): void {
    if (event.type === "approval.requested") this.#asked.add(event.callId);
    if (event.type === "approval.decided") this.#asked.delete(event.callId);
    // It has begun, and is not at work until it is answered.
    if (event.type === "question.asked") {
      this.#tools.delete(event.callId);
      this.#asked.add(event.callId);
    }
    if (event.type === "question.answered") {
      this.#tools.set(event.callId, event.tool);
      this.#asked.delete(event.callId);
    }
  }

  #introduce(event: Extract<RunEvent, { type: "turn.started" }>): void {
    this.#capUsd = event.capUsd;
    if (this.#introduced) return;
    this.#introduced = true;
    const simulated = event.offline ? " · offline model: costs are simulated" : "";
    const price = event.free === true ? "free" : `budget ${usd(event.capUsd)}`;
    this.#line(`${shownLine(event.model)} · ${price}${simulated}`, "dim");
  }

  #ended({ result }: Extract<RunEvent, { type: "run.ended" }>): void {
    const { outcome } = result;
    const isGood = outcome.kind === "answered";
    const partial = result.partial ? " (the answer is partial)" : "";
    this.#line("", "plain");
    this.#line(
      `${isGood ? "✓" : "■"} ${shownLine(outcomeText(outcome), WHOLE)}${partial}`,
      isGood ? "good" : "bad",
    );
    const facts = { capUsd: this.#capUsd, link: this.#link };
    const advice = adviceOn(outcome);
    if (advice !== null) this.#line(`  ${advice}`, "warn");
    for (const line of summaryLines(result, facts)) this.#line(`  ${line}`, "dim");
  }

  /** It turns in its place, and leaves no line behind. */
  #showLife(event: Extract<RunEvent, { type: "reply.progress" | "tool.progress" }>): void {
    this.freshLine();
    this.#options.spinner.start(progressText(event), null);
  }

  #spin(event: RunEvent): void {
    if (!this.#atLineStart || event.type === "run.ended") return;
    const { spinner } = this.#options;
    if (
      event.type === "model.retrying" ||
      event.type === "tool.retrying" ||
      event.type === "run.waiting"
    ) {
      const until = event.nextAttemptAt === null ? null : Date.parse(event.nextAttemptAt);
      spinner.start(event.type === "run.waiting" ? "waiting" : "trying again", until);
      return;
    }
    const tools = [...new Set(this.#tools.values())].map((tool) => shownLine(tool, 30));
    const rest = this.#asked.size > 0 ? "waiting for a person's word" : "thinking";
    spinner.start(tools.length > 0 ? tools.join(", ") : rest, null);
  }

  #line(text: string, tone: Tone): void {
    this.#endLine();
    const style = STYLES[tone];
    const isStyled = this.#options.colour && style !== null && text !== "";
    this.#write(`${isStyled ? styleText(style, text, { validateStream: false }) : text}\n`);
  }

  #endLine(): void {
    if (!this.#atLineStart) this.#write("\n");
    this.#margin.reset();
  }

  #write(text: string): void {
    if (text === "") return;
    this.#options.out.write(text);
    this.#atLineStart = text.endsWith("\n");
  }
}
