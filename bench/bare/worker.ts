// The worker of the bare loop, with the settings of Pawl's own: `worker.js BODIES_FILE`.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { bundleWorkflows } from "../../src/worker/bundle-workflows.ts";
import { bareActivities } from "./activities.ts";
import { BARE_TASK_QUEUE } from "./task-queue.ts";

const [, , bodiesFile = ""] = process.argv;
const bodies: MessageCreateParamsStreaming[] = JSON.parse(readFileSync(bodiesFile, "utf8"));
const address = process.env["TEMPORAL_ADDRESS"] ?? "";
const modelUrl = process.env["ANTHROPIC_BASE_URL"] ?? "";

Runtime.install({ logger: new DefaultLogger("WARN") });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue: BARE_TASK_QUEUE,
  workflowBundle: await bundleWorkflows(fileURLToPath(new URL("workflow.js", import.meta.url))),
  activities: bareActivities(modelUrl, bodies),
  maxCachedWorkflows: 500,
  stickyQueueScheduleToStartTimeout: "3s",
});
const serving = worker.run();
process.stdout.write("bare_worker_ready\n");
await serving;
await connection.close();
