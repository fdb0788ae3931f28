import { expect, test } from "@jest/globals";
import { chooseSandbox } from "../../../src/sandbox/choose-sandbox.ts";
import { isModule } from "../../../src/sandbox/module-code.ts";
import type { SandboxTier } from "../../../src/domain/sandbox-tier.ts";
import type { Probe, SandboxProvider } from "../../../src/sandbox/sandbox.ts";
import { takeTurns } from "../../../src/sandbox/turns.ts";

const HOLDS: Probe = { kind: "holds", languages: ["javascript"], evidence: "a test" };
const fails = (why: string): Probe => ({ kind: "fails", why });

function provider(tier: SandboxTier, probe: Probe, probed: SandboxTier[] = []): SandboxProvider {
  return {
    tier,
    probe: async () => {
      probed.push(tier);
      return probe;
    },
    run: async () => {
      throw new Error("not run");
    },
  };
}

test("the strongest tier that holds serves", async () => {
  const providers = [
    provider("bwrap", fails("no")),
    provider("jail", HOLDS),
    provider("wasm", HOLDS),
  ];
  expect(await chooseSandbox(providers, "wasm")).toMatchObject({ kind: "holds", tier: "jail" });
});

test("below the smallest that is wanted nothing serves, nor is it probed", async () => {
  const probed: SandboxTier[] = [];
  const providers = [
    provider("bwrap", fails("not installed"), probed),
    provider("jail", fails("no Landlock"), probed),
    provider("wasm", HOLDS, probed),
  ];
  expect(await chooseSandbox(providers, "jail")).toEqual({
    kind: "none",
    why: "bwrap: not installed; jail: no Landlock (PAWL_SANDBOX_MIN_TIER=jail)",
  });
  expect(probed).toEqual(["bwrap", "jail"]);
});

test("programs beyond the number wait their turn, and whoever gives up leaves the line", async () => {
  const inTurn = takeTurns(1);
  const signal = new AbortController().signal;
  let endFirst = (): void => undefined;
  const firstEnds = new Promise<void>((resolve) => {
    endFirst = resolve;
  });
  const order: string[] = [];
  const one = inTurn(signal, () => firstEnds.then(() => order.push("one")));
  const leaving = new AbortController();
  const two = inTurn(leaving.signal, async () => order.push("two"));
  const three = inTurn(signal, async () => order.push("three"));
  leaving.abort(new Error("gone"));
  await expect(two).rejects.toThrow("gone");
  expect(order).toEqual([]);
  endFirst();
  await Promise.all([one, three]);
  expect(order).toEqual(["one", "three"]);
});

test.each([
  ["import fs from 'node:fs'", true],
  ["const x = 1;\nexport default x;", true],
  ["console.log(1);\nawait (async () => {})();", true],
  ["const got = await Promise.resolve(1);", true],
  ["for await (const x of y) {}", true],
  ["const fs = require('fs');", false],
  ["async function f() {\n  await g();\n}", false],
  ["import('node:fs').then(() => 1);", false],
])("%j is a module: %j", (code, expected) => {
  expect(isModule(code)).toBe(expected);
});
