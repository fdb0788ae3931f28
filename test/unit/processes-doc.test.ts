// The units of docs/processes.md, as people paste them.

import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../src/package-root.ts";
import { readConfig } from "../../src/config.ts";

const doc = readFileSync(packageFile("docs/processes.md"), "utf8");
const units = [...doc.matchAll(/```ini\n(\[Unit\][^]*?)```/g)].map(([, text = ""]) => text);
const [worker = "", gateway = ""] = units;
const graceMs = Number(/^PAWL_SHUTDOWN_GRACE_MS=(\d+)$/m.exec(doc)?.[1]);
const systemd = spawnSync("systemd-analyze", ["--version"]);

function wordOf(unit: string, word: string): string {
  return new RegExp(`^${word}=(.*)$`, "m").exec(unit)?.[1] ?? "";
}

describe("the units of docs/processes.md", () => {
  test("kill a process ten seconds behind its own grace", () => {
    expect(Number(wordOf(worker, "TimeoutStopSec")) * 1000).toBe(graceMs + 10_000);
    const standard = readConfig({}).process.shutdownGraceMs;
    expect(Number(wordOf(gateway, "TimeoutStopSec")) * 1000).toBe(standard + 10_000);
  });

  test("open the log again when they are reloaded", () => {
    for (const unit of units) expect(wordOf(unit, "ExecReload")).toBe("/bin/kill -HUP $MAINPID");
  });

  test("are confined alike", () => {
    const own = /^(Description|EnvironmentFile|ExecStart|TimeoutStopSec|MemoryMax)=/;
    const rest = (unit: string): readonly string[] =>
      unit.split("\n").filter((line) => !own.test(line));
    expect(units).toHaveLength(2);
    expect(rest(gateway)).toEqual(rest(worker));
  });

  (systemd.status === 0 ? test : test.skip)("are units by systemd's own word", () => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-units-"));
    const names = ["pawl-worker@.service", "pawl-gateway.service"];
    for (const [index, name] of names.entries()) {
      // What they start lies elsewhere on this machine.
      const text = (units[index] ?? "").replace("/usr/bin/node", process.execPath);
      writeFileSync(join(dir, name), text);
    }
    const paths = [join(dir, "pawl-worker@1.service"), join(dir, "pawl-gateway.service")];
    writeFileSync(paths[0] ?? "", readFileSync(join(dir, names[0] ?? "")));
    const said = spawnSync("systemd-analyze", ["verify", ...paths], { encoding: "utf8" });
    rmSync(dir, { recursive: true });
    const ofOurs = said.stderr.split("\n").filter((line) => /pawl-(worker|gateway)/.test(line));
    expect(ofOurs).toEqual([]);
  });
});
