// JSON logs, one line per decision, to stderr or a file: stdout belongs to the answer.
// Field names are the spec's (O1). Secrets never reach a log: what may hold one is not logged at all,
// and known names are redacted in case somebody forgets.

import pino, { type Logger } from "pino";
import type { Config } from "./config.ts";

export type Log = Logger;

const SECRETS = ["apiKey", "authorization", "x-api-key", "ANTHROPIC_API_KEY", "DATABASE_URL"];
const REDACTED = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);

export function createLog({ level, file }: Config["log"]): Log {
  const destination = pino.destination({
    dest: file ?? 2,
    sync: true,
    mkdir: true,
  });
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: "message",
      // Temporal's own lines carry the failure of an activity under this name.
      serializers: { error: pino.stdSerializers.err },
      redact: REDACTED,
    },
    destination,
  );
}
