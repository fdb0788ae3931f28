// Words of scenarios: a run begins, the model says so and so, a reply is on hold.

import type { RunOrder } from "../../src/client/run-order.ts";
import { until } from "../support/processes.ts";
import type { World } from "../support/world.ts";

export const start = async (world: World, order: Partial<RunOrder> = {}): Promise<string> =>
  (await world.client.start({ task: "Go on.", tenant: "replay", session: "replay", ...order }))
    .runId;

export const calls = (...toolCalls: object[]): object => ({ reply: { toolCalls } });
export const done = { reply: { text: "Done." } };

export const held = (world: World, runId: string): Promise<unknown> =>
  until("the reply is on hold", async () =>
    (await world.model.requests()).some((r) => r.runKey === runId && r.state === "held"),
  );
