// What the repository does by itself: which Nodes a change is tried on, and what a release says.

import { describe, expect, test } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";

const textOf = (path: string): string => readFileSync(packageFile(path), "utf8");
const SCRIPT = packageFile(".ci/release-notes.mjs");
const { version } = JSON.parse(textOf("package.json")) as { version: string };

/** The script's own function; it is no module of ours. */
function notesOf(wanted: string, changelog: string): string | null {
  const program = `
    const { notesOf } = await import(process.argv[2]);
    const { wanted, changelog } = JSON.parse(process.argv[3]);
    process.stdout.write(JSON.stringify(notesOf(wanted, changelog)));`;
  const args = ["--input-type=module", "-e", program, "notes", SCRIPT];
  const told = execFileSync(process.execPath, [...args, JSON.stringify({ wanted, changelog })]);
  return JSON.parse(told.toString()) as string | null;
}

describe("the notes of a release", () => {
  const CHANGELOG =
    "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## [1.2.0] - 2026-11-30\n\n- a\n\n### Fixed\n\n- b\n\n## [1.2.0-rc.1]\n\n## 1.1.0\n\n- old\n";

  test.each([
    ["1.2.0", "- a\n\n### Fixed\n\n- b"],
    ["1.1.0", "- old"],
    ["1.2.0-rc.1", null],
    ["1.2", null],
    ["2.0.0", null],
  ])("of %s are its section of the changelog, and nothing else", (wanted, notes) => {
    expect(notesOf(wanted, CHANGELOG)).toBe(notes);
  });

  test("are refused for a tag that is not the version of the package", () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, "v0.0.1"], {
      encoding: "utf8",
    });
    expect(stderr).toContain(`tag v${version}`);
    expect(status).toBe(1);
  });
});

describe("CI", () => {
  const workflow = textOf(".github/workflows/ci.yml");

  test("runs the script that anybody can run, on each Node that is supported", () => {
    expect(workflow).toContain("run: .ci/run\n");
    const tried = /node: \[([\d, ]+)\]/.exec(workflow)?.[1]?.split(", ") ?? [];
    const { engines } = JSON.parse(textOf("package.json")) as { engines: { node: string } };
    expect(tried).toEqual(["20", "22", "24"]);
    expect(engines.node).toMatch(/^>=20\./);
  });

  test("takes no step from elsewhere whose version is not named", () => {
    const files = readdirSync(packageFile(".github/workflows"));
    expect(files).toEqual(expect.arrayContaining(["audit.yml", "ci.yml", "release.yml"]));
    const texts = files.map((file) => textOf(`.github/workflows/${file}`)).join("\n");
    const uses = [...texts.matchAll(/uses: (.+)/g)];
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter(([, what = ""]) => !/^actions\/[\w-]+@v\d+$/.test(what))).toEqual([]);
  });
});

describe("the audit", () => {
  const workflow = textOf(".github/workflows/audit.yml");

  test("looks each week, and with each change of the lockfile, for weaknesses of what users install", () => {
    expect(workflow).toMatch(/schedule:\n {4}- cron: "\d+ \d+ \* \* \d"\n/);
    expect(workflow.match(/paths: \[package-lock\.json\]/g)).toHaveLength(2);
    expect(workflow).toMatch(/run: npm audit --omit=dev --audit-level=(low|moderate)\n/);
  });

  test("takes nothing that its author did not sign, and runs none of it", () => {
    expect(workflow).toContain("run: npm audit signatures\n");
    expect(workflow.match(/npm (ci|install|i)\b.*/g)).toEqual(["npm ci --ignore-scripts"]);
    expect(workflow).toMatch(/permissions:\n {2}contents: read\n\njobs/);
  });
});
