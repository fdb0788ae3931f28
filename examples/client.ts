// Starts a run, watches it, and reads what it came to. Needs a Temporal with a Pawl worker:
//   TEMPORAL_ADDRESS=localhost:7233 node examples/client.ts "task"     (Node 22.18 or later)

import { connect } from "../src/client/connect.ts";
import { createRunClient } from "../src/client/run-client.ts";
import { readConfig } from "../src/config.ts";

const pawl = createRunClient(await connect(readConfig()));
const task = process.argv[2] ?? "What is 17 % of 2,340?";

const { runId, link } = await pawl.start({
  task,
  tenant: "acme",
  session: "example",
  limits: { costMicroUsd: 50_000, modelCalls: 10 },
});
process.stderr.write(`${runId} ${link ?? ""}\n`);

for await (const event of pawl.watch(runId)) {
  if (event.type === "reply.delta") process.stdout.write(event.text);
  if (event.type === "reply.withdrawn") process.stdout.write("\n[starting over]\n");
  if (event.type === "tool.finished") process.stderr.write(`\n${event.tool}: ${event.preview}\n`);
}

const { outcome, answer, costUsd } = await pawl.result(runId);
process.stderr.write(`\n${outcome.kind}, $${costUsd}, ${answer?.length ?? 0} characters\n`);
await pawl.close();
