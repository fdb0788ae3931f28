// The Temporal dev server of the local stack. Its state is one SQLite file: started again on the
// same file, it knows every run, timer and search attribute it knew before.
//
// K6. No web page reaches it: of its three doors the one for workers and clients speaks no HTTP that a browser
//     could, the Web UI is off (temporal-ui.ts), and the HTTP API answers to no name.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { localAccess } from "../temporal/access.ts";
import { SEARCH_ATTRIBUTES } from "../temporal/search-attributes.ts";
import { findTemporal, type TemporalBinary } from "./find-temporal.ts";
import type { OnProgress } from "./on-progress.ts";
import type { PartContext } from "./part-context.ts";
import { baseEnv } from "./part-env.ts";
import type { Part } from "./part.ts";
import { acceptsConnections, servesNamespace } from "./temporal-client.ts";
import { wantedUi } from "./temporal-ui.ts";

const DYNAMIC_CONFIG = [
  // The default of 20 polls a second makes every task wait some 40 ms.
  "history.transferProcessorMaxPollRPS=1000",
  "system.enableActivityEagerExecution=true",
  // As newer servers have it without being told: a worker that died is known to be dead within half a minute.
  "frontend.WorkerHeartbeatsEnabled=true",
  "frontend.ListWorkersEnabled=true",
];
/** Its port can't be turned off, so it is told to hear one Host alone, and that is no name that a page could have. */
function httpApiHosts(): string {
  return `frontend.httpAllowedHosts=["${randomBytes(32).toString("base64url")}!"]`;
}

const SQLITE_PRAGMAS = ["journal_mode=wal", "synchronous=normal"];

export function temporalPart(context: PartContext, onProgress: OnProgress): Part {
  const { ports, stateDir, env } = context;
  const target = localAccess(context.temporalAddress, context.namespace);
  let binary: Promise<TemporalBinary> | undefined;
  return {
    name: "temporal",
    after: [],
    command: async () => {
      binary ??= findTemporal(env, onProgress, stateDir);
      const { path: file } = await binary;
      return { file, args: serverArgs(context), env: baseEnv(env, stateDir), cwd: stateDir };
    },
    logFile: join(stateDir, "temporal.log"),
    startTimeoutMs: 30_000,
    isReady: async () =>
      (await acceptsConnections("127.0.0.1", ports.temporal)) && (await servesNamespace(target)),
  };
}

function serverArgs({ ports, stateDir, namespace }: PartContext): readonly string[] {
  const ui = wantedUi(stateDir);
  const options: readonly (readonly [string, string])[] = [
    ["--ip", "127.0.0.1"],
    ["--port", String(ports.temporal)],
    ["--namespace", namespace],
    // In the folder that it runs in: it would read a path as a URL, in which # and ? end it.
    ["--db-filename", "temporal.db"],
    ...SQLITE_PRAGMAS.map((pragma) => ["--sqlite-pragma", pragma] as const),
    ...[...DYNAMIC_CONFIG, httpApiHosts()].map(
      (setting) => ["--dynamic-config-value", setting] as const,
    ),
    ...SEARCH_ATTRIBUTES.map(
      ({ name, word }) => ["--search-attribute", `${name}=${word}`] as const,
    ),
    ["--log-level", "error"],
    ...(ui === undefined
      ? []
      : ([
          ["--ui-ip", ui.host],
          ["--ui-port", String(ui.port)],
        ] as const)),
  ];
  return ["server", "start-dev", ...(ui === undefined ? ["--headless"] : []), ...options.flat()];
}
