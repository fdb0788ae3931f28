// JSON logs, one line per decision, to stderr or a file: stdout belongs to the answer.
// Field names are the spec's (O1). Secrets never reach a log: what may hold one is not logged at all,
// known names are redacted, and each line is searched for their values, in case somebody forgets.

import pino, { type Logger } from "pino";
import type { Config } from "../config.ts";
import { scrubbing } from "../domain/scrub.ts";
import type { TelemetryEvent } from "./event.ts";
import type { Telling } from "./telling.ts";

export type Log = Logger;

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

const OWNER_ONLY = 0o600;

export function createLog({ level, file }: Config["log"], secrets: readonly string[] = []): Log {
  const destination = pino.destination({
    dest: file ?? 2,
    sync: true,
    mkdir: true,
    mode: OWNER_ONLY,
  });
  const scrub = scrubbing(secrets);
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: "message",
      serializers: { error: pino.stdSerializers.err },
      redact: REDACTED,
    },
    { write: (line: string) => destination.write(scrub(line)) },
  );
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
