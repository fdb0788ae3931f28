// A Temporal dev server of its own, on a file, which can be killed and started again. Nearly all suites share
// one and take a namespace of it (shared-servers.ts).

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import { findTemporal } from "../../src/dev/find-temporal.ts";
import { freePort, startProcess, until, type Process } from "./processes.ts";

export interface TemporalWorld {
  readonly address: string;
  readonly namespace: string;
  /** Of its present process. */
  readonly pid: number;
  /** Where it tells its own figures. */
  readonly metricsUrl: string;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startTemporalWorld(): Promise<TemporalWorld> {
  const { path } = await findTemporal(process.env, () => undefined);
  const dir = await mkdtemp(join(tmpdir(), "pawl-temporal-"));
  let address = "";
  let metricsPort = 0;
  let server: Process | null = null;

  /** False where it ends at once: between choosing a port and taking it, somebody else may have it. */
  const launch = async (port: number): Promise<boolean> => {
    metricsPort = await freePort();
    const metrics = ["--metrics-port", String(metricsPort)];
    const launched = startProcess(path, [...flags(port, join(dir, "temporal.db")), ...metrics]);
    server = launched;
    address = `127.0.0.1:${port}`;
    const up = until("Temporal answers", () => answers(address), 60_000);
    return await Promise.race([up, launched.ended.then(() => false)]);
  };
  const kill = async (): Promise<void> => {
    await server?.kill();
    server = null;
  };
  let port = await freePort();
  while (!(await launch(port))) port = await freePort();
  return {
    address,
    namespace: "default",
    get pid() {
      return server?.pid ?? 0;
    },
    get metricsUrl() {
      return `http://127.0.0.1:${metricsPort}/metrics`;
    },
    start: async () => void (await until("Temporal is back", () => launch(port), 120_000)),
    kill,
    signal: (name) => server?.signal(name),
    close: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** For every server of the tests, as the local stack has them too. */
export const SERVER_FLAGS: string[] = [
  ...["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"],
  ...["--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"],
  ...["--dynamic-config-value", "system.enableActivityEagerExecution=true"],
  ...["--dynamic-config-value", "frontend.WorkerHeartbeatsEnabled=true"],
  ...["--dynamic-config-value", "frontend.ListWorkersEnabled=true"],
  // A timer that is due within this time rings at its end: by default each short one takes a second.
  ...["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="20ms"'],
];

function flags(port: number, file: string): string[] {
  return [
    ...["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", String(port)],
    ...["--db-filename", file, "--log-level", "error"],
    ...SERVER_FLAGS,
  ];
}

async function answers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 1000 });
    await connection.workflowService.describeNamespace({ namespace: "default" });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
