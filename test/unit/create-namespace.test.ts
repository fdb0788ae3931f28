// deploy/create-namespace.sh against a server that learns late, as Temporal's does: what was made is known when the
// server next reads what it keeps. `temporal` and `sleep` are stand-ins; test/real runs it on the real one.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { SEARCH_ATTRIBUTES } from "../../src/temporal/search-attributes.ts";
import { packageFile } from "../../src/package-root.ts";

/** Keeps what it was told in files; each `sleep` lets the server learn one thing more. */
const TEMPORAL = `#!/bin/sh
known() { [ "$(cat learnt 2>/dev/null | wc -l)" -ge "$1" ]; }
echo "$*" >> asked
case "$2 $3" in
"cluster health") [ ! -e unhealthy ] ;;
"namespace describe")
  [ -e namespace ] || { echo "unable to describe: namespace is not found" >&2; exit 1; } ;;
"namespace create")
  [ ! -e taken ] || { echo "Namespace is there already" >&2; : > namespace; exit 1; }
  : > namespace; : > learnt; echo "Namespace successfully registered." ;;
"search-attribute list")
  [ ! -e closed ] || { echo "Request unauthorized." >&2; exit 1; }
  known "$(cat late)" || { echo "unable to list search attributes: Namespace is not found." >&2; exit 1; }
  echo "  Name  Type  "
  known "$(cat later)" && cat attributes 2>/dev/null || true ;;
"search-attribute create")
  known "$(cat late)" || { echo "unable to get existing search attributes: Namespace is not found." >&2; exit 1; }
  grep -q "  $7  " attributes 2>/dev/null || echo "  $7  $9  " >> attributes ;;
*) echo "no such command: $*" >&2; exit 1 ;;
esac
`;
const SLEEP = '#!/bin/sh\necho "$1" >> learnt\n';

let dir: string;

function put(name: string, text = ""): void {
  writeFileSync(join(dir, name), text);
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-namespace-"));
  for (const [name, text] of [
    ["temporal", TEMPORAL],
    ["sleep", SLEEP],
  ] as const) {
    put(name, text);
    chmodSync(join(dir, name), 0o755);
  }
  learnsAfter(0, 0);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** How many pauses a new namespace takes to be known, and then a new attribute to be listed. */
function learnsAfter(late: number, later: number): void {
  put("late", String(late));
  put("later", String(later));
}

function run(): { status: number | null; said: string } {
  const env = {
    PATH: [dir, process.env["PATH"]].join(delimiter),
    TEMPORAL_ADDRESS: "temporal:7233",
    TEMPORAL_NAMESPACE: "prod",
  };
  const script = packageFile("deploy/create-namespace.sh");
  const { status, stdout, stderr } = spawnSync("sh", [script], { env, cwd: dir, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

function attributes(): readonly string[] {
  const text = readFileSync(join(dir, "attributes"), "utf8");
  return text.split("\n").slice(0, -1);
}

const ALL = SEARCH_ATTRIBUTES.map(({ name, word }) => `  ${name}  ${word}  `);

describe("deploy/create-namespace.sh", () => {
  test.each([
    ["knows what was made at once", 0, 0],
    ["knows a new namespace three looks later", 3, 3],
    ["lists a new attribute later still", 3, 9],
  ])("makes the namespace and all attributes on a server that %s", (_, late, later) => {
    learnsAfter(late, later);
    expect(run().status).toBe(0);
    expect(attributes().toSorted()).toEqual(ALL.toSorted());
  });

  test("run again it makes nothing", () => {
    run();
    put("asked");
    expect(run().status).toBe(0);
    expect(readFileSync(join(dir, "asked"), "utf8")).not.toContain("create");
  });

  test("of two that make the same namespace the second goes on with what the first made", () => {
    put("taken");
    expect(run().status).toBe(0);
    expect(attributes()).toHaveLength(ALL.length);
  });

  test.each([
    ["a server that lets nobody list", "closed", "Request unauthorized."],
    ["a server that does not become healthy", "unhealthy", "cluster health"],
  ])("ends with what it was told by %s", (_, fault, words) => {
    put(fault);
    const { status, said } = run();
    expect(status).toBe(1);
    expect(said).toContain("Temporal at temporal:7233 did not come to this");
    expect(said).toContain(words);
    expect(existsSync(join(dir, "attributes"))).toBe(false);
  });

  test("an attribute of the name and another type is no success", () => {
    put("namespace");
    put("attributes", "  PawlTurns  Keyword  \n");
    const { status, said } = run();
    expect(status).toBe(1);
    expect(said).toContain("PawlTurns:Int");
  });
});
