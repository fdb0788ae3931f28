// A gateway that a test kills and starts again, on the port that its viewers know.

import {
  startGateway,
  type GatewayProcess,
  type GatewayProcessOptions,
} from "./gateway-process.ts";

export interface GatewayWorld {
  readonly url: string;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startGatewayWorld(
  env: NodeJS.ProcessEnv,
  options: Pick<GatewayProcessOptions, "door"> = {},
): Promise<GatewayWorld> {
  const first = await startGateway({ env }, options);
  const { url, port } = first;
  let gateway: GatewayProcess | null = first;
  return {
    url,
    start: async () => {
      gateway = await startGateway({ env }, { ...options, port });
    },
    kill: async () => {
      await gateway?.process.kill();
      gateway = null;
    },
  };
}
