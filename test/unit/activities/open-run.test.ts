// What a run begins with; how an agent is pinned is told with the runs that need it.

import { expect, test } from "@jest/globals";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import type { ActivityDeps } from "../../../activities/deps.ts";
import { ownProvider } from "../../../src/worker/own-provider.ts";
import { listedAgents } from "../../../activities/agents.ts";
import { createOpenRun } from "../../../activities/open-run.ts";
import { readConfig } from "../../../src/config.ts";
import type { Opened } from "../../../src/domain/run/snapshot.ts";
import { SILENT } from "../../support/calls.ts";
import { OPEN_TO_ALL } from "../../support/open-tenants.ts";
import { ORDER } from "../../support/run-story.ts";

const QUIET = new DefaultLogger("ERROR", () => undefined);

/** An agent that is told so much. */
function opening(
  instructions: string,
  {
    task = ORDER.task,
    env = {},
  }: { readonly task?: string; readonly env?: NodeJS.ProcessEnv } = {},
) {
  const stored: string[] = [];
  const deps = {
    config: readConfig(env),
    provider: ownProvider(readConfig({ ANTHROPIC_API_KEY: "sk-hunter2" }).provider, true),
    telemetry: SILENT,
    agents: listedAgents([{ name: ORDER.agent, instructions, tools: [] }]),
    toolSources: [],
    tenants: OPEN_TO_ALL,
    transcripts: {
      put: async (rows: { body: string }[]) => void stored.push(...rows.map(({ body }) => body)),
    },
  } as unknown as ActivityDeps;
  return {
    stored,
    open: (): Promise<Opened> =>
      new MockActivityEnvironment({}, { logger: QUIET }).run(createOpenRun(deps), {
        ...ORDER,
        task,
      }),
  };
}

test("a run is opened with its agent and its task in the store", async () => {
  const { open, stored } = opening("Answer.");
  const snapshot = { agent: ORDER.agent, instructions: "Answer.", wrapUp: true };
  const opened = await open();
  expect(opened).toMatchObject({ snapshot });
  expect(opened.snapshot.provider).toEqual({
    isOffline: false,
    baseUrl: "https://api.anthropic.com",
    keyFingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
  expect(JSON.stringify([opened, stored])).not.toContain("hunter2");
  expect(JSON.parse(stored[0] ?? "")).toMatchObject(snapshot);
  expect(stored[1]).toContain(ORDER.task);
});

test("an agent that is too large for a fresh history is refused, once and for all", async () => {
  const { open, stored } = opening("x".repeat(300_000));
  await expect(open()).rejects.toMatchObject({
    type: "AGENT_TOO_LARGE",
    nonRetryable: true,
    message: expect.stringMatching(/has 30\d{4} bytes; 262144 are possible/),
  });
  expect(stored).toEqual([]);
});

test("a task is looked at again where it is opened, whoever let it in", async () => {
  const task = "gnp\u202eexe";
  const flagged = [{ rule: "bidi", position: 4 }];
  expect(await opening("Answer.", { task }).open()).toMatchObject({ flagged });
  expect(await opening("Answer.").open()).not.toHaveProperty("flagged");
  const { open, stored } = opening("Answer.", { task, env: { PAWL_INPUT_RULES: "block" } });
  await expect(open()).rejects.toMatchObject({ type: "INPUT_REJECTED", nonRetryable: true });
  expect(stored).toEqual([]);
});
