// Workflows of somebody who has Pawl in their own worker. Bundled from the built code, so it is JavaScript.

import { runAgent, startAgentRun } from "../../dist/workflows/library.js";

export async function asks(order) {
  return await runAgent(order);
}

/** What becomes of a second start under the same key. */
export async function asksTwice(order) {
  const { workflowId } = await startAgentRun(order);
  try {
    await startAgentRun(order);
    return { workflowId, second: "started" };
  } catch (error) {
    return { workflowId, second: error.name };
  }
}
