// Process entry: node dist/offline-model/main.js [--port N] [--host H] [--billing FILE]

import { parseArgs } from "node:util";
import { startOfflineModel } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    billing: { type: "string" },
    "chunk-delay-ms": { type: "string", default: "12" },
  },
});

const server = await startOfflineModel({
  port: Number(values.port),
  host: values.host,
  chunkDelayMs: Number(values["chunk-delay-ms"]),
  ...(values.billing === undefined ? {} : { billingFile: values.billing }),
});
process.stdout.write(
  `${JSON.stringify({ event: "offline_model_ready", url: server.url, port: server.port })}\n`,
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
