// The gateway as a process of the local stack: `node dist/src/gateway/main.js --port N --token-file PATH`.
// Without a token file it takes API keys alone; `--open` lets in whoever reaches it. Little is loaded before it has
// looked for the room to.

import { parseArgs } from "node:util";
import { lastLineOf, lastWordsOf } from "../domain/last-words.ts";
import { present } from "../domain/present.ts";
import { leave } from "../process/leave.ts";
import { refuseTightRoom } from "../process/room.ts";
import { doorByTokenFile, type LocalDoor } from "./local-door.ts";

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
  refuseTightRoom();
  const [{ readConfig }, { secretsOf }, { openTelemetry }, { runGateway }] = await Promise.all([
    import("../config.ts"),
    import("../telemetry/secrets.ts"),
    import("../telemetry/telemetry.ts"),
    import("./run-gateway.ts"),
  ]);
  const config = readConfig();
  await runGateway(config, openTelemetry(config.log, { secrets: secretsOf(config) }), {
    host: values.host,
    port: Number(values.port),
    door: doorOf(values),
    ...present({ usedFile: values["used-file"] }),
  });
  leave(0);
} catch (error) {
  const words = lastWordsOf(error);
  leave(words.exitCode, `${lastLineOf(words)}\n`);
}
