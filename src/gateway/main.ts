// The gateway as a process of the local stack: `node dist/src/gateway/main.js --port N`.

import { parseArgs } from "node:util";
import { readConfig } from "../config.ts";
import { lastLineOf, lastWordsOf } from "../domain/last-words.ts";
import { present } from "../domain/present.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { runGateway } from "./run-gateway.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "7420" },
    "used-file": { type: "string" },
  },
});

try {
  const config = readConfig();
  await runGateway(config, openTelemetry(config.log, { secrets: secretsOf(config) }), {
    host: values.host,
    port: Number(values.port),
    ...present({ usedFile: values["used-file"] }),
  });
  process.exit(0);
} catch (error) {
  const words = lastWordsOf(error);
  process.stderr.write(`${lastLineOf(words)}\n`, () => process.exit(words.exitCode));
}
