// The days around a model's last, at the three places where a model is asked for: as a run is opened, as one
// that stands in, and as a call goes out.

import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import type { ActivityDeps } from "../../../activities/deps.ts";
import { fallbacksFor } from "../../../activities/fallbacks.ts";
import { makeCall } from "../../../activities/model-call/call-model.ts";
import { listedAgents } from "../../../activities/agents.ts";
import { createOpenRun } from "../../../activities/open-run.ts";
import { readConfig } from "../../../src/config.ts";
import type { Opened } from "../../../src/domain/run/snapshot.ts";
import { ModelCallError } from "../../../src/model/model.ts";
import { openTelemetry } from "../../../src/telemetry/telemetry.ts";
import { todayIs } from "../../support/calendar.ts";
import { openCallScene } from "../../support/call-scene.ts";
import { OPEN_TO_ALL } from "../../support/open-tenants.ts";
import { SNAPSHOT } from "../../support/run-story.ts";

const ENDING = "claude-sonnet-4-5";
const LAST_DAY = "2026-11-30T23:59:59.999Z";
const DAY_AFTER = "2026-12-01T00:00:00.000Z";
const NEXT = "claude-sonnet-5-5";

const agent = { name: "a", instructions: "", tools: [] };

const SILENT = new DefaultLogger("ERROR", () => undefined);

afterEach(() => void jest.useRealTimers());

describe("a call of a model", () => {
  const course = { model: ENDING, wanted: ENDING, why: "" };

  test("goes out on its last day", async () => {
    todayIs(LAST_DAY);
    const { attempt, steps } = openCallScene({ call: { course } });
    expect(await makeCall(attempt(1))).toMatchObject({ kind: "replied" });
    expect(steps).toContain("send");
  });

  test("asks nobody on the day after, holds nothing, and says which to take", async () => {
    todayIs(DAY_AFTER);
    const { attempt, steps, ledger } = openCallScene({ call: { course } });
    expect(await makeCall(attempt(1))).toMatchObject({
      kind: "denied",
      why: "retired",
      at: DAY_AFTER,
      message: expect.stringContaining(`its last day was 2026-11-30. Take ${NEXT} instead.`),
    });
    expect(steps).toEqual([]);
    expect(await ledger.totals("run_1")).toMatchObject({ spentMicroUsd: 0, modelAttempts: 0 });
  });

  test("brings the reply home that was journaled before midnight", async () => {
    todayIs(LAST_DAY);
    const { attempt, steps } = openCallScene({ call: { course } });
    const reply = await makeCall(attempt(1));
    todayIs(DAY_AFTER);
    expect(await makeCall(attempt(2))).toEqual({ ...reply, nearCaps: [] });
    expect(steps.at(-1)).toBe("resume");
  });

  test("that its provider knows no more is denied as well, and costs nothing", async () => {
    const provider = new ModelCallError("MODEL_RETIRED", "The provider answered 404: model: x", {
      billing: "free",
    });
    const { attempt, ledger } = openCallScene({ provider });
    expect(await makeCall(attempt(1))).toMatchObject({
      kind: "denied",
      why: "retired",
      message: `${NEXT} is not served: The provider answered 404: model: x`,
    });
    expect(await ledger.totals("run_1")).toMatchObject({ spentMicroUsd: 0, heldMicroUsd: 0 });
  });
});

describe("a run", () => {
  async function opened(env: NodeJS.ProcessEnv): Promise<Opened> {
    const deps = {
      config: readConfig(env),
      provider: SNAPSHOT.provider,
      telemetry: openTelemetry({ level: "silent", file: undefined }),
      agents: listedAgents([agent]),
      toolSources: [],
      tenants: OPEN_TO_ALL,
      transcripts: { put: async () => undefined },
    } as unknown as ActivityDeps;
    const input = { task: "Work.", agent: "a", tenant: "t", session: "s", traceId: "x" };
    const order = { ...input, model: ENDING, limits: {}, onLimit: "stop" } as const;
    return await new MockActivityEnvironment({}, { logger: SILENT }).run(
      createOpenRun(deps),
      order,
    );
  }

  test("is opened with the model on its last day, and pins it", async () => {
    todayIs(LAST_DAY);
    expect((await opened({})).snapshot.model).toBe(ENDING);
  });

  test("fails at its start on the day after, and says which to take", async () => {
    todayIs(DAY_AFTER);
    await expect(opened({})).rejects.toMatchObject({
      type: "MODEL_RETIRED",
      nonRetryable: true,
      message: expect.stringContaining(`Take ${NEXT} instead.`),
    });
  });

  test("is opened where another stands in for the model", async () => {
    todayIs(DAY_AFTER);
    const { snapshot } = await opened({ PAWL_FALLBACK_MODELS: "medium" });
    expect(snapshot.fallbacks?.chains).toEqual({ [ENDING]: [NEXT] });
  });
});

test("a stand-in that has ended stands in for nobody", () => {
  const chainOn = (day: string): unknown => {
    todayIs(day);
    const config = readConfig({ PAWL_FALLBACK_MODELS: `${ENDING},complex` });
    return fallbacksFor([NEXT], agent, config)?.chains[NEXT];
  };
  expect(chainOn(LAST_DAY)).toEqual([ENDING, "claude-opus-5-5"]);
  expect(chainOn(DAY_AFTER)).toEqual(["claude-opus-5-5"]);
});
