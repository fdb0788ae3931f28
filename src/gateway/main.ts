// The gateway as a process of the local stack: `node dist/src/gateway/main.js --port N --token-file PATH`.
// Without a token file it takes API keys alone; `--open` lets in whoever reaches it.

import { parseArgs } from "node:util";
import { readConfig } from "../config.ts";
import { lastLineOf, lastWordsOf } from "../domain/last-words.ts";
import { present } from "../domain/present.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import { doorByTokenFile, type LocalDoor } from "./local-door.ts";
import { runGateway } from "./run-gateway.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "7420" },
    "used-file": { type: "string" },
    "token-file": { type: "string" },
    open: { type: "boolean", default: false },
  },
});

interface DoorFlags {
  readonly open: boolean;
  readonly "token-file"?: string | undefined;
}

function doorOf({ open, "token-file": tokenFile }: DoorFlags): LocalDoor {
  if (tokenFile !== undefined) return doorByTokenFile(tokenFile);
  return { kind: open ? "open" : "keys" };
}

try {
  const config = readConfig();
  await runGateway(config, openTelemetry(config.log, { secrets: secretsOf(config) }), {
    host: values.host,
    port: Number(values.port),
    door: doorOf(values),
    ...present({ usedFile: values["used-file"] }),
  });
  process.exit(0);
} catch (error) {
  const words = lastWordsOf(error);
  process.stderr.write(`${lastLineOf(words)}\n`, () => process.exit(words.exitCode));
}
