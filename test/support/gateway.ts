// The gateway as a process of its own, on a port that it keeps when it is started again.

import { packageFile } from "../../src/package-root.ts";
import { freePort, startProcess, type Process } from "./processes.ts";

export interface GatewayWorld {
  readonly url: string;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

const MAIN = "dist/src/gateway/main.js";

export async function startGatewayWorld(env: NodeJS.ProcessEnv): Promise<GatewayWorld> {
  const port = await freePort();
  let gateway: Process | null = null;
  const start = async (): Promise<void> => {
    const args = [packageFile(MAIN), "--port", String(port)];
    gateway = startProcess(process.execPath, args, { env });
    await gateway.line("gateway_ready");
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    kill: async () => {
      await gateway?.kill();
      gateway = null;
    },
  };
}
