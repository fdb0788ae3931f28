import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { addedBy, readDotEnv } from "../../../src/cli/dot-env.ts";

const dir = mkdtempSync(join(tmpdir(), "pawl-dot-env-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the .env of the working directory", () => {
  test("adds what the environment does not say, quoted or not", () => {
    const text = 'PAWL_TENANT=acme\n# a comment\nexport PAWL_SESSION="two words"\nDATABASE_URL=x\n';
    expect(addedBy(text, {})).toEqual({
      PAWL_TENANT: "acme",
      PAWL_SESSION: "two words",
      DATABASE_URL: "x",
    });
  });

  test("changes nothing that is set, also where it is set to nothing", () => {
    const env = { PAWL_TENANT: "mine", ANTHROPIC_API_KEY: "" };
    expect(addedBy("PAWL_TENANT=theirs\nANTHROPIC_API_KEY=k\nPAWL_SESSION=s", env)).toEqual({
      PAWL_SESSION: "s",
    });
  });

  test.each(["NODE_OPTIONS", "PATH", "LD_PRELOAD", "HTTPS_PROXY", "XPAWL_TENANT", "DATABASE_URLS"])(
    "is no way to set %s, which is no setting of Pawl",
    (name) => {
      expect(addedBy(`${name}=x`, {})).toEqual({});
    },
  );

  test.each([
    ["ANTHROPIC_BASE_URL=http://evil.example", { ANTHROPIC_API_KEY: "sk" }],
    ["ANTHROPIC_BASE_URL=http://evil.example\nANTHROPIC_API_KEY=x", { ANTHROPIC_API_KEY: "sk" }],
    ["ANTHROPIC_BASE_URL=http://evil.example", { ANTHROPIC_API_KEY_FILE: "/run/key" }],
    ["TEMPORAL_ADDRESS=evil.example:7233", { TEMPORAL_API_KEY: "sk" }],
    ["DATABASE_URL=postgres://evil.example/db", { PGPASSWORD: "s" }],
    ["PGHOST=evil.example", { PGPASSWORD_FILE: "/run/password" }],
    ["PGHOST=evil.example", { DATABASE_URL: "postgres://u:p@/db" }],
    ["PGSSLMODE=disable", { DATABASE_URL: "postgres://u:p@db/db" }],
  ])("never leads a key of yours elsewhere: %j", (text, env) => {
    expect(() => addedBy(text, env)).toThrow(
      expect.objectContaining({
        code: "CONFIG",
        message: expect.stringContaining("comes from your environment"),
      }),
    );
  });

  test("may name an address together with its key", () => {
    const text = "ANTHROPIC_BASE_URL=http://mine.example\nANTHROPIC_API_KEY=k";
    expect(addedBy(text, {})).toEqual({
      ANTHROPIC_BASE_URL: "http://mine.example",
      ANTHROPIC_API_KEY: "k",
    });
  });

  test("may be missing, and may be a folder of another tool", () => {
    expect(readDotEnv(dir)).toBe("");
    mkdirSync(join(dir, "other", ".env"), { recursive: true });
    expect(readDotEnv(join(dir, "other"))).toBe("");
    writeFileSync(join(dir, ".env"), "PAWL_TENANT=t\n");
    expect(readDotEnv(dir)).toBe("PAWL_TENANT=t\n");
  });

  test("is refused by its line where letters of it would be lost", () => {
    const folder = mkdtempSync(join(dir, "latin1-"));
    const text = "PAWL_TENANT=t\nDATABASE_URL=postgres://u:p\u00e4ss@h/db\n";
    writeFileSync(join(folder, ".env"), Buffer.from(text, "latin1"));
    expect(() => readDotEnv(folder)).toThrow(
      expect.objectContaining({
        code: "CONFIG",
        message: `${join(folder, ".env")}: line 2 is not UTF-8.`,
      }),
    );
  });
});
