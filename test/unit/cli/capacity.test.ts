// `pawl capacity`: an operator sees which models the fleet leaves alone, and lifts them.

import { expect, test } from "@jest/globals";
import { linesOf, pawl } from "../../support/cli.ts";
import { createFakeClient } from "../../support/fake-client.ts";

const LIMITED = {
  key: "anthropic/claude-sonnet-5-5",
  why: "rate_limited",
  since: "2026-11-26T09:59:53.000Z",
  until: "2026-11-27T00:59:53.000Z",
  times: 1,
} as const;
const DOWN = { ...LIMITED, key: "anthropic/claude-haiku-5-5", why: "down", times: 5 } as const;
const closed = () => createFakeClient({ closedGates: [DOWN, LIMITED] });

test("shows which models are closed, why, since when and until when", async () => {
  const { stdout, exitCode } = await pawl(closed(), ["capacity", "show"]);
  expect(exitCode).toBe(0);
  expect(stdout.split("\n").slice(0, 3)).toEqual([
    "model                        state         since                    next call                times",
    "anthropic/claude-haiku-5-5   down          2026-11-26 09:59:53 UTC  2026-11-27 00:59:53 UTC      5",
    "anthropic/claude-sonnet-5-5  rate limited  2026-11-26 09:59:53 UTC  2026-11-27 00:59:53 UTC      1",
  ]);
  const json = await pawl(closed(), ["capacity", "show", "--json"]);
  expect(linesOf(json.stdout)).toEqual([DOWN, LIMITED]);
});

test("says so where every model takes calls", async () => {
  const { stdout } = await pawl(createFakeClient(), ["capacity", "show"]);
  expect(stdout).toBe("Every model takes calls.\n");
});

test("lifts one model, or all, and tells how many runs look again", async () => {
  const one = await pawl(closed(), ["capacity", "lift", "claude-sonnet-5-5"]);
  expect(one).toMatchObject({ stdout: "anthropic/claude-sonnet-5-5\n", exitCode: 0 });
  expect(one.stderr).toBe("Lifted. 1 run that waited: looking again.\n");
  const all = await pawl(closed(), ["capacity", "lift", "--json"]);
  expect(linesOf(all.stdout)).toEqual([{ keys: [DOWN.key, LIMITED.key], woken: 2 }]);
});

test("says so where nothing was lifted, also to a script", async () => {
  const none = await pawl(closed(), ["capacity", "lift", "no-such-model"]);
  expect(none).toMatchObject({ stdout: "", stderr: "Nothing was closed.\n", exitCode: 3 });
});
