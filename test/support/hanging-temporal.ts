// A Temporal whose memory answers and whose store does not: what stands in front of the server passes calls on, and
// lets those hang that it is told to.

import {
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";

export interface HangingTemporal {
  readonly address: string;
  /** From now on, calls of these methods get no answer; of all that were made before, they do. */
  hang(methods: readonly string[]): void;
  /** New calls are passed on again. */
  recover(): void;
  close(): Promise<void>;
}

/** What a server without its store can't do; the rest it knows by heart. */
export const NEEDS_STORE = [
  "StartWorkflowExecution",
  "DescribeWorkflowExecution",
  "ListWorkflowExecutions",
  "CountWorkflowExecutions",
  "GetWorkflowExecutionHistory",
  "SignalWorkflowExecution",
  "RequestCancelWorkflowExecution",
];

export async function standBefore(address: string): Promise<HangingTemporal> {
  let hanging: readonly string[] = [];
  const there = connect(`http://${address}`);
  there.on("error", () => undefined);
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (caller, headers) => {
    caller.on("error", () => undefined);
    if (hanging.includes(methodOf(headers))) return;
    const asked = there.request(headers);
    asked.on("error", () => caller.close(constants.NGHTTP2_INTERNAL_ERROR));
    let trailers: IncomingHttpHeaders = {};
    asked.on("trailers", (given) => (trailers = given));
    asked.on("response", (given) => {
      if (caller.destroyed) return;
      // An error is all trailers.
      if (given["grpc-status"] !== undefined) return caller.respond(given, { endStream: true });
      caller.respond(given, { waitForTrailers: true });
      caller.on("wantTrailers", () => caller.sendTrailers(trailers));
      asked.pipe(caller);
    });
    caller.pipe(asked);
    caller.on("close", () => asked.close());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hang: (methods) => void (hanging = methods),
    recover: () => void (hanging = []),
    async close() {
      for (const session of sessions) session.destroy();
      there.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `/temporal.api.workflowservice.v1.WorkflowService/ListWorkers` */
function methodOf(headers: IncomingHttpHeaders): string {
  return String(headers[":path"]).split("/").at(-1) ?? "";
}
