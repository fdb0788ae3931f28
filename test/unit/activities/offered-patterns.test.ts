import { expect, test } from "@jest/globals";
import { z } from "zod";
import { toolsFor } from "../../../activities/offered-tools.ts";
import { listedTools } from "../../../activities/tool-sources/tool-source.ts";
import { defineTool } from "../../../activities/tools/define-tool.ts";
import { readConfig } from "../../../src/config.ts";

const named = (name: string, permission: "read" | "write") =>
  defineTool({
    name,
    description: "Does it.",
    input: z.object({}),
    permission,
    effect: "idempotent",
    execute: () => "done",
  });
const toolSources = [
  listedTools("own", [
    ...[named("shop__list", "read"), named("shop__order", "write"), named("bank__pay", "write")],
  ]),
];

async function offered(tools: readonly string[], policy = {}): Promise<Record<string, unknown>> {
  const agent = { name: "a", instructions: "Work.", tools, policy };
  const config = readConfig({});
  const terms = { agent, tenant: "local", models: [], costCapMicroUsd: 0 };
  const found = await toolsFor(terms, {}, { toolSources, config });
  return { names: found.tools.map(({ name }) => name), policy: found.policy };
}

test("a pattern offers all tools that it means, each under its own rule, and no other", async () => {
  expect(await offered(["shop__*"])).toEqual({
    names: ["shop__list", "shop__order"],
    policy: { shop__list: "allow", shop__order: "ask" },
  });
  expect(await offered(["shop__order", "*__*"], { bank__pay: "deny" })).toEqual({
    names: ["shop__order", "shop__list"],
    policy: { shop__order: "ask", shop__list: "allow", bank__pay: "deny" },
  });
  expect(await offered(["nothing__*"])).toEqual({ names: [], policy: {} });
});
