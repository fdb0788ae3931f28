// The official conformance suite for clients, against our client as it is built: by npx, with the Node that it needs.
// It knows the era of 2025 alone. What Pawl does not offer is not run: a browser's login (auth/* but for those below),
// keys signed as JWT, and questions in the middle of an open call (docs/mcp.md).

import { expect, test } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../../src/package-root.ts";
import { startProcess } from "../../support/processes.ts";

const SUITE = ["--yes", "-p", "node@22", "-p", "@modelcontextprotocol/conformance@0.1.16"];

test.each([
  ["initialize", 1],
  ["tools_call", 1],
  ["sse-retry", 3],
  ["auth/client-credentials-basic", 14],
  ["auth/pre-registration", 14],
])(
  "%s: all of its checks pass: %s",
  async (scenario, checks) => {
    const dir = await mkdtemp(join(tmpdir(), "pawl-conformance-"));
    const client = packageFile("test/support/mcp-conformance-client.mjs");
    const run = startProcess(
      "npx",
      [
        ...SUITE,
        ...["conformance", "client", "--scenario", scenario],
        ...["--command", `${process.execPath} ${client}`],
      ],
      { cwd: dir },
    );
    await run.ended;
    const said = run.lines.find((line) => line.startsWith("Passed: "));
    if (said === undefined) throw new Error(run.lines.slice(-20).join("\n"));
    expect(said).toBe(`Passed: ${checks}/${checks}, 0 failed, 0 warnings`);
    await rm(dir, { recursive: true, force: true });
  },
  240_000,
);
