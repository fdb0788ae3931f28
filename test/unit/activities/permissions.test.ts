// What a run is offered when it is opened: agent × order × tool, generated, and what a model hears that calls
// a tool above all the same.

import { describe, expect, test } from "@jest/globals";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import { z } from "zod";
import type { ActivityDeps } from "../../../activities/deps.ts";
import { createOpenRun } from "../../../activities/open-run.ts";
import { listedAgents } from "../../../activities/agents.ts";
import { listedTools } from "../../../activities/tool-sources/tool-source.ts";
import { defineTool } from "../../../activities/tools/define-tool.ts";
import { readConfig } from "../../../src/config.ts";
import { PERMISSIONS, type Permission } from "../../../src/domain/permission.ts";
import { deniedCalls } from "../../../src/domain/run/calls.ts";
import type { Opened, Snapshot } from "../../../src/domain/run/snapshot.ts";
import { ownProvider } from "../../../src/worker/own-provider.ts";
import { SILENT } from "../../support/calls.ts";
import { OPEN_TO_ALL } from "../../support/open-tenants.ts";
import { calling, given, ORDER, SNAPSHOT, textsIn } from "../../support/run-story.ts";

const QUIET = new DefaultLogger("ERROR", () => undefined);
const SAID = [undefined, ...PERMISSIONS] as const;

/** One of each permission, by its name. */
const TOOLS = PERMISSIONS.map((permission) =>
  defineTool({
    name: `${permission}_tool`,
    description: "Does something.",
    input: z.object({}),
    permission,
    effect: "idempotent",
    execute: () => "done",
  }),
);
const NAMES = TOOLS.map(({ spec }) => spec.name);

const OFFERED: Readonly<Record<Permission | "nothing said", readonly string[]>> = {
  "nothing said": ["read_tool", "write_tool", "execute_tool", "admin_tool"],
  read: ["read_tool"],
  write: ["read_tool", "write_tool"],
  execute: ["read_tool", "write_tool", "execute_tool"],
  admin: ["read_tool", "write_tool", "execute_tool", "admin_tool"],
};

interface Said {
  readonly agent: Permission | undefined;
  readonly order: Permission | undefined;
}

interface Opening extends Said {
  readonly policy?: Snapshot["policy"];
  readonly tell?: (event: object) => void;
}

async function openedWith({ agent, order, policy = {}, tell }: Opening): Promise<Snapshot> {
  const config = readConfig({ PAWL_OFFLINE_MODEL: "1" });
  const may = agent === undefined ? {} : { permission: agent };
  const deps = {
    config,
    provider: ownProvider(config.provider, true),
    telemetry: tell === undefined ? SILENT : { ...SILENT, emit: tell },
    agents: listedAgents([{ name: ORDER.agent, instructions: "", tools: NAMES, policy, ...may }]),
    toolSources: [listedTools("own", TOOLS)],
    tenants: OPEN_TO_ALL,
    transcripts: { put: async () => undefined },
  } as unknown as ActivityDeps;
  const input = { ...ORDER, ...(order === undefined ? {} : { permission: order }) };
  const environment = new MockActivityEnvironment({}, { logger: QUIET });
  const opened: Opened = await environment.run(createOpenRun(deps), input);
  return opened.snapshot;
}

const offeredIn = ({ tools }: Snapshot): readonly string[] => tools.map(({ name }) => name);
/** The default of a tool that may do all is to be denied; here it is about permissions alone. */
const ADMIN_ALLOWED = { admin_tool: "allow" } as const;

describe("J4: a run is offered what its agent and its order both permit", () => {
  const pairs: readonly Said[] = SAID.flatMap((agent) => SAID.map((order) => ({ agent, order })));

  test.each(pairs)("agent $agent, order $order: no tool above either", async (said) => {
    const { agent, order } = said;
    const snapshot = await openedWith({ ...said, policy: ADMIN_ALLOWED });
    const opened = NAMES.filter((name) =>
      [agent, order].every((one) => OFFERED[one ?? "nothing said"].includes(name)),
    );
    expect(offeredIn(snapshot)).toEqual(opened);
    const above = NAMES.filter((name) => !opened.includes(name));
    expect(Object.keys(snapshot.permission?.withheld ?? {})).toEqual(above);

    const run = given({ ...snapshot, limits: SNAPSHOT.limits }).asking(calling(...NAMES));
    const executed = run.calls().filter(({ kind }) => kind !== "answered");
    expect(executed.map(({ name }) => name)).toEqual(opened);
  });

  test("nothing is pinned where neither says anything, and a permission opens no denied tool", async () => {
    const silent = await openedWith({ agent: undefined, order: undefined });
    expect(silent).not.toHaveProperty("permission");
    const high = await openedWith({ agent: "admin", order: "admin" });
    expect(offeredIn(high)).toEqual(["read_tool", "write_tool", "execute_tool"]);
    expect(high.permission).toEqual({ lowest: "admin", withheld: {} });
  });

  test("the log of its beginning says how far it may go", async () => {
    const told: object[] = [];
    await openedWith({ agent: "write", order: "execute", tell: (event) => told.push(event) });
    expect(told).toContainEqual(
      expect.objectContaining({
        event: "run_start",
        permission: "write",
        tools: ["read_tool", "write_tool"],
      }),
    );
  });
});

test("a model that calls a tool above its run is told so, and the refusal is told to the log", async () => {
  const snapshot = await openedWith({
    agent: "execute",
    order: "read",
    policy: { ...ADMIN_ALLOWED, write_tool: "allow" },
  });
  const reply = calling("write_tool", "admin_tool");
  const run = given({ ...snapshot, limits: SNAPSHOT.limits }).asking(reply);
  expect(textsIn(run.call())).toEqual([
    expect.stringMatching(/not allowed: write_tool needs the permission write, .* has read/),
    expect.stringMatching(/not allowed: admin_tool needs the permission admin, .* has read/),
  ]);
  expect(deniedCalls(run.memory(), reply)).toMatchObject([
    { verdict: "denied", reason: expect.stringContaining("needs the permission write") },
    { verdict: "denied", reason: expect.stringContaining("needs the permission admin") },
  ]);
});
