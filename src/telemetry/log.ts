// JSON logs, one line per decision, to stderr or a file: stdout belongs to the answer.
// Field names are the spec's (O1). Secrets never reach a log: what may hold one is not logged at all,
// known names are redacted, and each line is searched for their values, in case somebody forgets.

import pino, { type Logger, type LoggerOptions } from "pino";
import type { Config } from "../config.ts";
import { scrubbing } from "../domain/scrub.ts";
import { tellingOf, type TelemetryEvent } from "./event.ts";
import { LineWriter, type LogState, type LostLines } from "./line-writer.ts";
import { openLogFile, sayOnStderr, stderrPlace } from "./log-place.ts";
import type { Telling } from "./telling.ts";

export type Log = Logger;

export interface OpenLog {
  readonly log: Log;
  /** Whether its lines arrive. */
  readonly state: () => LogState;
  /** By its name, as after it was renamed. Throws where that can't be done, and then goes on where it was. */
  readonly reopen: () => void;
}

const SECRETS = [
  "apiKey",
  "authorization",
  "x-api-key",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "DATABASE_URL",
];
const REDACTED = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);

/** Names of the spec that are not the domain's. */
const PRINTED_AS: Readonly<Record<string, string>> = {
  latencyMs: "latency_ms",
  stopReason: "stop_reason",
  promptTokens: "prompt_tokens",
};

/** Throws PawlError where the file can't be opened, and nothing but a person can mend that. */
export function openLog({ level, file }: Config["log"], secrets: readonly string[] = []): OpenLog {
  const options = optionsFor(level);
  const scrub = scrubbing(secrets);
  const tell = (lost: LostLines): string => scrub(lineOf({ event: "log_lost", ...lost }, options));
  const complain = (why: string, { lines, from }: LostLines): void => {
    if (file === undefined) return;
    const counted = `${lines.toLocaleString("en-US")} since ${from}`;
    sayOnStderr(
      `Lines of the log ${file} are lost (${why}): ${counted}. Nothing else is held up, and it is tried again.`,
    );
  };
  const writer = new LineWriter(file === undefined ? stderrPlace() : openLogFile(file), {
    tell,
    complain,
  });
  return {
    log: pino(options, { write: (line: string) => writer.write(scrub(line)) }),
    state: () => writer.state,
    reopen: () => writer.reopen(),
  };
}

function optionsFor(level: Config["log"]["level"]): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: "message",
    serializers: { error: pino.stdSerializers.err },
    redact: REDACTED,
  };
}

/** As it stands in the log; empty below its level. */
function lineOf(event: TelemetryEvent, options: LoggerOptions): string {
  let line = "";
  const write = (text: string): void => void (line = text);
  logging(pino(options, { write }))(event, tellingOf(event));
  return line;
}

/** Writes each event as a line. */
export function logging(log: Log) {
  return (event: TelemetryEvent, { severity, sentence, isAlert }: Telling): void => {
    log[severity]({ ...printed(event), ...(isAlert ? { alert: true } : {}) }, sentence);
  };
}

/** What the sentence says is not said again. */
function printed(event: TelemetryEvent): object {
  const fields = Object.entries(event).filter(([name]) => name !== "message");
  return Object.fromEntries(fields.map(([name, value]) => [PRINTED_AS[name] ?? name, value]));
}
