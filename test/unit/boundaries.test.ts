// Who imports whom, followed over real paths: type imports, and imports on demand, count.

import { describe, expect, test } from "@jest/globals";
import { BOUNDARIES, covers, homeOf, isAllowed } from "../support/boundaries.ts";
import { circlesIn, importsOf, sources, type Import } from "../support/imports.ts";

const files = sources();
const imports = importsOf(files);
const told = ({ from, to, kind }: Import): string => `${from} → ${to} (${kind})`;
const forbidden = (all: readonly Import[]): readonly string[] =>
  all.filter((one) => !isAllowed(one)).map(told);

describe("every source", () => {
  test("lies in a folder of which it is said what it may import", () => {
    expect(imports.length).toBeGreaterThan(1000);
    expect(files.map(({ path }) => path).filter((path) => homeOf(path) === null)).toEqual([]);
  });

  test("imports only what its folder may", () => {
    expect(forbidden(imports)).toEqual([]);
  });

  test("is in no circle of imports, however long", () => {
    expect(circlesIn(imports)).toEqual([]);
  });
});

describe("what a folder may import", () => {
  const entries = Object.entries(BOUNDARIES);

  test.each(entries)("%s is there, and uses all of it", (home, { values, lazy, types }) => {
    const own = imports.filter(({ from }) => homeOf(from) === home);
    expect(files.some(({ path }) => homeOf(path) === home)).toBe(true);
    const places = [...values, ...(lazy ?? []), ...(types ?? [])];
    expect(places.filter((place) => !own.some(({ to }) => covers(place, to)))).toEqual([]);
  });
});

describe("an import that nobody allowed is found", () => {
  /** What would be said of one more source. */
  const planted = (path: string, text: string): readonly string[] => {
    const all = importsOf([...files.filter((file) => file.path !== path), { path, text }]);
    return forbidden(all.filter(({ from }) => from === path));
  };

  test.each([
    [
      "a route of the gateway, of the workflows",
      "src/gateway/routes/x.ts",
      'import { agentRun } from "../../../workflows/agent-run.ts";',
    ],
    ["the store, of the worker", "src/store/x.ts", 'import { a } from "../worker/run-worker.ts";'],
    [
      "the domain, of a type of the store",
      "src/domain/run/x.ts",
      'import type { Hold } from "../../store/ledger.ts";',
    ],
    [
      "a workflow, of the door beyond its names",
      "workflows/run/x.ts",
      'import { DATA_CONVERTER } from "../../src/temporal/data-converter.ts";',
    ],
    [
      "a workflow, of an activity's code",
      "workflows/x.ts",
      'import { previewOf } from "../activities/preview.ts";',
    ],
    ["a workflow, of a package", "workflows/x.ts", 'import { z } from "zod";'],
    [
      "a client, of what loads Core",
      "src/client/x.ts",
      'import { openWorkerConnection } from "../temporal/worker-connection.ts";',
    ],
    [
      "the CLI, of Temporal",
      "src/cli/x.ts",
      'const { Client } = await import("@temporalio/client");',
    ],
    [
      "a command, of what every other command would wait for",
      "src/cli/x.ts",
      'import { runWorker } from "../worker/run-worker.ts";',
    ],
    ["the gateway, of the page", "src/gateway/x.ts", 'export * from "./page/api.ts";'],
    [
      "the page, of code of the domain",
      "src/gateway/page/x.ts",
      'import { formatUsd } from "../../domain/money.ts";',
    ],
    [
      "the offline model, of the ledger that it is held against",
      "offline-model/x.ts",
      'import {\n  createLedger,\n} from "../src/store/ledger.ts";',
    ],
    ["of a folder that nobody knows", "src/new/x.ts", 'import "node:fs";'],
  ])("%s", (_, path, text) => {
    expect(planted(path, text)).toHaveLength(1);
  });

  test("but not where it is fine", () => {
    const text = `
      // import { runWorker } from "../worker/run-worker.ts";
      import type { Activities } from "../activities/index.ts";
    `.replaceAll(/^ +/gm, "");
    expect(planted("workflows/x.ts", text)).toEqual([]);
    const lazy = 'const { replay } = await import("../worker/replay.ts");';
    expect(planted("src/cli/x.ts", lazy)).toEqual([]);
  });

  test("one that leads nowhere is said at once", () => {
    expect(() => planted("src/store/x.ts", 'import "./nowhere.ts";')).toThrow("./nowhere.ts");
  });
});

test("a circle is found over three files, and over types alone", () => {
  const edge = (from: string, to: string): Import => ({ from, to, kind: "type" });
  const imports_ = [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("d", "a"), edge("e", "f")];
  expect(circlesIn(imports_)).toEqual([["a", "b", "c"]]);
});
