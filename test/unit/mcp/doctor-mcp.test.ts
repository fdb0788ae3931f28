import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../src/config.ts";
import { checkMcp } from "../../../src/dev/doctor-mcp.ts";
import { surveyProject } from "../../../src/project/survey.ts";
import { hostileServer } from "../../support/mcp-sources.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-mcp-doctor-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function configWith(mcpServers: unknown) {
  writeFileSync(join(dir, ".mcp.json"), JSON.stringify({ mcpServers }));
  return readConfig({ PAWL_PROJECT_DIR: dir });
}

test("pawl doctor says of each server whether it answers, and what is wrong in the file", async () => {
  const checks = await checkMcp(
    configWith({
      good: hostileServer(join(dir, "good"), "exits-when-probed"),
      dead: hostileServer(join(dir, "dead"), "dies-at-start"),
      none: { command: join(dir, "no-such-program") },
      wrong: { command: "${NOT_SET_ANYWHERE}" },
    }),
  );
  expect(checks).toMatchObject([
    { name: "mcp", status: "fail", detail: expect.stringContaining("NOT_SET_ANYWHERE is not set") },
    { name: "mcp good", status: "ok", detail: expect.stringContaining("2025-11-25") },
    { name: "mcp dead", status: "warn", detail: expect.stringContaining("no licence was found") },
    { name: "mcp none", status: "warn", detail: expect.stringContaining("ENOENT") },
  ]);
});

test("pawl tools lists the tools of servers that answer, and names the server that does not", async () => {
  const config = configWith({
    good: hostileServer(join(dir, "good"), "exits-when-probed"),
    none: { command: join(dir, "no-such-program") },
  });
  const { tools, mistakes } = await surveyProject(config);
  expect(tools).toContainEqual(
    expect.objectContaining({ name: "good__echo", from: ".mcp.json: good", permission: "execute" }),
  );
  expect(mistakes).toMatchObject([
    { file: ".mcp.json", what: expect.stringContaining("The server none does not answer") },
  ]);
});
