import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { ensureLocalToken, localTokenFile, readLocalToken } from "../../../src/dev/local-token.ts";
import { socketFolder, socketIn } from "../../../src/dev/socket-folder.ts";
import { localPostgresUrl } from "../../../src/dev/postgres-url.ts";
import { socketPathOf } from "../../support/stack-socket.ts";

const asRoot = process.getuid?.() === 0 ? test : test.skip;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-token-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the local token", () => {
  test("is made once, for its owner alone, and another one in each folder", () => {
    expect(readLocalToken(dir)).toBeNull();
    const token = ensureLocalToken(dir);
    expect(token).toMatch(/^pawl_local_[\w-]{43}$/);
    expect(ensureLocalToken(dir)).toBe(token);
    expect(readLocalToken(dir)).toBe(token);
    expect(statSync(localTokenFile(dir)).mode & 0o777).toBe(0o600);
    const other = mkdtempSync(join(dir, "other-"));
    expect(ensureLocalToken(other)).not.toBe(token);
  });

  const spoilt: readonly (readonly [string, (path: string) => void])[] = [
    ["that others could read", (path) => chmodSync(path, 0o644)],
    ["that a checkout brought along", (path) => writeFileSync(path, tokenOf("A"), { mode: 0o644 })],
    ["that is empty", (path) => writeFileSync(path, "", { mode: 0o600 })],
    [
      "that is too short to be a secret",
      (path) => writeFileSync(path, "pawl_local_x", { mode: 0o600 }),
    ],
  ];
  test.each(spoilt)("one %s counts as none, and is replaced", (_what, spoil) => {
    const path = localTokenFile(dir);
    const before = ensureLocalToken(dir);
    rmSync(path);
    writeFileSync(path, before, { mode: 0o600 });
    spoil(path);
    if (readFileSync(path, "utf8") === tokenOf("A")) chmodSync(path, 0o644);
    expect(readLocalToken(dir)).toBeNull();
    const after = ensureLocalToken(dir);
    expect(after).not.toBe(before);
    expect(readFileSync(path, "utf8").trim()).toBe(after);
  });

  test("one that is a link is not read, and what it leads to is not written", () => {
    const target = join(dir, "known");
    writeFileSync(target, tokenOf("A"), { mode: 0o600 });
    symlinkSync(target, localTokenFile(dir));
    expect(readLocalToken(dir)).toBeNull();
    expect(ensureLocalToken(dir)).not.toBe(tokenOf("A"));
    expect(readFileSync(target, "utf8")).toBe(tokenOf("A"));
  });

  asRoot("one of another user is not believed", () => {
    const before = ensureLocalToken(dir);
    chownSync(localTokenFile(dir), 65_534, 65_534);
    expect(readLocalToken(dir)).toBeNull();
    expect(ensureLocalToken(dir)).not.toBe(before);
  });
});

function tokenOf(letter: string): string {
  return `pawl_local_${letter.repeat(43)}`;
}

describe("the socket of the embedded Postgres", () => {
  test("lies in the state folder, and the URL leads there whatever the folder is called", () => {
    for (const name of [".pawl", "with space", "a,b", "50%", "ünïcode#?@:"]) {
      const folder = join(sep, "somewhere", name);
      expect(socketFolder(folder)).toBe(folder);
      expect(socketPathOf(localPostgresUrl(folder))).toBe(socketIn(folder));
    }
  });

  test("lies in a closed folder of its own where that path is too long, always in the same", () => {
    const long = join(dir, "x".repeat(120));
    const folder = socketFolder(long, dir);
    expect(folder.startsWith(join(dir, "pawl-"))).toBe(true);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(socketFolder(long, dir)).toBe(folder);
    expect(socketFolder(`${long}y`, dir)).not.toBe(folder);
    // Bytes count, not letters.
    expect(socketFolder(join(tmpdir(), "ü".repeat(50)), dir)).toContain(join(dir, "pawl-"));
  });

  test("does not lie in a folder that somebody else has prepared", () => {
    const long = join(dir, "x".repeat(120));
    const folder = socketFolder(long, dir);
    rmSync(folder, { recursive: true });
    symlinkSync(dir, folder);
    expect(() => socketFolder(long, dir)).toThrow(/is a link/);
  });

  test("URLs that lead over the network stay what they are", () => {
    expect(socketPathOf("postgres://u:p@db.example:5433/x?sslmode=require")).toBeNull();
    expect(socketPathOf("postgres://u@%2Frun%2Fpg:5433/x")).toBe("/run/pg/.s.PGSQL.5433");
    expect(socketPathOf("postgres://u@100%25/x")).toBeNull();
  });
});
