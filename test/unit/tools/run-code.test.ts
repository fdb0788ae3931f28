import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCodeTool } from "../../../activities/tools/run-code.ts";
import { sandboxedSource } from "../../../activities/tool-sources/sandboxed.ts";
import type { Sandbox } from "../../../src/sandbox/choose-sandbox.ts";
import type { CodeOutcome, CodeRun } from "../../../src/sandbox/sandbox.ts";
import { contextFor } from "./support.ts";

let filesDir: string;
beforeEach(() => {
  filesDir = mkdtempSync(join(tmpdir(), "pawl-code-tool-"));
});
afterEach(() => rmSync(filesDir, { recursive: true, force: true }));

const FINE: CodeOutcome = {
  ...{ stdout: "4\n", stderr: "", exitCode: 0, killedBy: null, files: [], leftOut: [] },
};

function sandboxThat(outcome: Partial<CodeOutcome> | Error, seen: CodeRun[] = []): Sandbox {
  return {
    ...{ kind: "holds", tier: "jail", languages: ["javascript"], evidence: "a test" },
    run: async (run) => {
      seen.push(run);
      if (outcome instanceof Error) throw outcome;
      return { ...FINE, ...outcome };
    },
  };
}

async function answer(sandbox: Sandbox, input: object = {}) {
  const tool = runCodeTool(async () => sandbox);
  const context = contextFor({ filesDir, attempt: 3 });
  const given = { language: "javascript", code: "1", ...input };
  const { text, isError } = await tool.run(given, context);
  return { isError, ...(JSON.parse(text) as Record<string, unknown>) };
}

describe("what a model is told of its program", () => {
  test("is its output and how it ended, what is short before what is long", async () => {
    const tool = runCodeTool(async () => sandboxThat({}));
    const { text } = await tool.run({ language: "javascript", code: "1" }, contextFor());
    expect(JSON.parse(text)).toEqual({
      ...{ exitCode: 0, timedOut: false, files: [], stdout: "4\n", stderr: "" },
    });
    expect(Object.keys(JSON.parse(text) as object).slice(0, 2)).toEqual(["exitCode", "timedOut"]);
  });

  test.each([
    ["time", "it ran longer than 10 s", true],
    ["memory", "it used more than 256 MiB of memory", false],
    ["output", "it wrote more than 4 MiB", false],
  ] as const)("is by what it was killed: %s", async (kind, what, timedOut) => {
    const killedBy = { kind, what };
    expect(await answer(sandboxThat({ exitCode: null, killedBy }))).toMatchObject({
      ...{ isError: false, exitCode: null, timedOut, killed: `${kind}: ${what}` },
    });
  });

  test("is no place of this host, where it could not be locked in", async () => {
    const told = await answer(sandboxThat(new Error("/opt/secret/launch-main.js: execve failed")));
    expect(told).toMatchObject({ isError: true, error: expect.stringContaining("not run") });
    expect(JSON.stringify(told)).not.toContain("/opt");
  });

  test("is which languages there are, where its own is not there", async () => {
    const told = await answer(sandboxThat({}), { language: "python" });
    expect(told).toMatchObject({ isError: true, error: expect.stringContaining("no Python") });
  });
});

describe("files", () => {
  test("of the run's folder are there, links are not, and what a program made is kept", async () => {
    mkdirSync(join(filesDir, "data"));
    writeFileSync(join(filesDir, "data", "a.csv"), "1,2");
    symlinkSync("/etc/passwd", join(filesDir, "link"));
    const seen: CodeRun[] = [];
    const files = [{ path: "out/b.txt", bytes: Buffer.from("3") }];
    const told = await answer(sandboxThat({ files, leftOut: ["x"] }, seen));
    expect(seen[0]?.files).toEqual([{ path: "data/a.csv", bytes: Buffer.from("1,2") }]);
    expect(told).toMatchObject({ files: ["out/b.txt"], filesNotKept: ["x"] });
    expect(told).toMatchObject({ filesNotCopiedIn: ["link"] });
    expect(readFileSync(join(filesDir, "out", "b.txt"), "utf8")).toBe("3");
  });

  test("that are named are the only ones there", async () => {
    writeFileSync(join(filesDir, "a"), "1");
    writeFileSync(join(filesDir, "b"), "2");
    const seen: CodeRun[] = [];
    await answer(sandboxThat({}, seen), { files: ["./b"] });
    expect(seen[0]?.files.map(({ path }) => path)).toEqual(["b"]);
  });

  test.each(["../secret", "/etc/passwd", "a/../../b", "nowhere.txt"])(
    "of elsewhere are no files of its: %j",
    async (path) => {
      const seen: CodeRun[] = [];
      expect(await answer(sandboxThat({}, seen), { files: [path] })).toMatchObject({
        isError: true,
      });
      expect(seen).toEqual([]);
    },
  );

  test.each(["../out", "/var/pawl-x", ".."])(
    "by the name %j leave the sandbox for nowhere",
    async (path) => {
      const files = [{ path, bytes: Buffer.from("x") }];
      const told = await answer(sandboxThat({ files }));
      expect(told).toMatchObject({ isError: false, files: [], filesNotKept: [path] });
      expect(existsSync(join(filesDir, path, "..", "out"))).toBe(false);
    },
  );
});

describe("the tool is offered", () => {
  const terms = (tools: readonly string[]) => ({
    agent: { name: "a", instructions: "x", tools },
    models: [],
    tenant: "local",
    costCapMicroUsd: 1,
  });
  const none: Sandbox = { kind: "none", why: "a test" };

  test("with the languages that there are", async () => {
    const source = sandboxedSource(async () => sandboxThat({}), true);
    const [tool] = await source.list(terms(["run_code"]));
    expect(tool).toMatchObject({
      spec: { name: "run_code", permission: "execute", effect: "pure" },
    });
    expect(tool?.spec.description).toContain("JavaScript and");
    expect(tool?.spec.description).not.toContain("Python");
    expect(tool?.isIdle).toBeUndefined();
  });

  test("to nobody where no lock holds", async () => {
    const [tool] = await sandboxedSource(async () => none, true).list(terms(["run_code"]));
    expect(tool).toMatchObject({ isIdle: true });
  });

  test("without a probe where no agent names it, or others execute it", async () => {
    let asked = 0;
    const ask = async (): Promise<Sandbox> => {
      asked += 1;
      return none;
    };
    await sandboxedSource(ask, true).list(terms(["calculator"]));
    const [elsewhere] = await sandboxedSource(ask, false).list(terms(["run_code"]));
    expect(elsewhere?.isIdle).toBeUndefined();
    expect(asked).toBe(0);
  });
});
