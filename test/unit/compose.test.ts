// What docker-compose.yml must not lose again. It is read as text: the file has one form, and no parser of its
// own would be worth a dependency.

import { describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { SETTING_NAMES } from "../../src/config.ts";
import { packageFile } from "../../src/package-root.ts";

const text = readFileSync(packageFile("docker-compose.yml"), "utf8");
const services = new Map(
  Array.from(
    (/\nservices:\n([^]*?)\n(?=\w)/.exec(text)?.[1] ?? "").matchAll(
      /^ {2}([\w-]+):\n((?: {3,}.*\n?|\n| {2}#.*\n)*)/gm,
    ),
    ([, name = "", body = ""]) => [name, body],
  ),
);
const image = readFileSync(packageFile("Dockerfile"), "utf8");
const [, filesDir = ""] = /^ENV PAWL_FILES_DIR=(.*)$/m.exec(image) ?? [];
const roles = [...text.matchAll(/postgres:\/\/(\w+):\$\{(\w+)\}@/g)];

describe("docker-compose.yml", () => {
  test("has the services that it is about", () => {
    expect([...services.keys()]).toEqual(
      expect.arrayContaining(["postgres", "temporal", "worker", "gateway"]),
    );
    expect(services.size).toBeGreaterThan(8);
  });

  test.each([...services])("%s has no capabilities, and no way to new ones", (_name, body) => {
    expect(body).toMatch(/^ {4}<<: \*(confined|read-only)$/m);
    expect(body).not.toMatch(/privileged|cap_add|network_mode|pid:|docker\.sock/);
  });

  test("says what that means in one place", () => {
    expect(text).toMatch(
      /&confined\n {2}cap_drop: \[ALL\]\n {2}security_opt: \["no-new-privileges:true"\]\n {2}pids_limit: \d+/,
    );
    expect(text).toMatch(/&read-only\n {2}<<: \*confined\n {2}read_only: true/);
  });

  test("publishes on loopback alone, and Temporal's Web UI only where it is asked for", () => {
    const published = [...text.matchAll(/^ {6}- "?([\d.:]+:\d+)"?$/gm)].map(
      ([, port = ""]) => port,
    );
    expect(published.length).toBeGreaterThan(2);
    expect(published.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
    expect(services.get("temporal-ui")).toContain("profiles: [ui]");
    expect(services.get("postgres")).not.toContain("ports:");
  });

  test("knows no password, and has a role for each process", () => {
    expect(text).not.toMatch(/PASSWORD:-/);
    const used = new Set([...text.matchAll(/\$\{(DB_\w+)/g)].map(([, name = ""]) => name));
    const { stdout, status } = spawnSync(packageFile("deploy/make-passwords.sh"), {
      encoding: "utf8",
    });
    const made = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => [line.split("=")[0], line.split("=")[1]]),
    );
    expect(status).toBe(0);
    expect(new Set(made.keys())).toEqual(used);
    expect(new Set(made.values()).size).toBe(used.size);
    for (const password of made.values()) expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect(new Set(roles.map(([, role]) => role))).toEqual(
      new Set(["pawl_gateway", "pawl_operator", "pawl_owner", "pawl_worker"]),
    );
    expect(roles).toHaveLength(4);
    expect(new Set(roles.map(([, , password]) => password)).size).toBe(roles.length);
    expect(text).not.toMatch(/(SQL_USER|POSTGRES_USER): (postgres|pawl)$/m);
  });

  test("keeps the files of runs in one volume, for all workers and the gateway, where the image has them", () => {
    const mount = (name: string) =>
      /- ([\w-]+):(\/[\w/]+)(:ro)?$/m.exec(services.get(name) ?? "")?.slice(1);
    expect(mount("worker")).toEqual(["pawl-files", filesDir, undefined]);
    expect(mount("gateway")).toEqual(["pawl-files", filesDir, ":ro"]);
    expect(text).toMatch(/\nvolumes:\n(?: {2}.*\n)* {2}pawl-files:\n/);
  });

  test("says nothing to Pawl that is no setting, and neither does the image", () => {
    const named = [...(text + image).matchAll(/\b(PAWL_[A-Z_]+)\b/g)].map(([, name = ""]) => name);
    expect(named).toContain("PAWL_FILES_DIR");
    expect(named.filter((name) => !SETTING_NAMES.includes(name))).toEqual([]);
  });

  test("the statements of its roles are those of docs/database.md", () => {
    const doc = readFileSync(packageFile("docs/database.md"), "utf8");
    const statements = readFileSync(packageFile("deploy/grant-rights.sql"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("--"));
    expect(statements.length).toBeGreaterThan(2);
    for (const statement of statements) expect(doc).toContain(statement);
  });
});

describe("the image", () => {
  test("has a folder for files that its user owns, and its user is not root", () => {
    expect(filesDir).toMatch(/^\/[\w/]+$/);
    const [, user = ""] = /^USER (.*)$/m.exec(image) ?? [];
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const [uid, gid] = user.split(":");
    expect(image).toContain(`RUN install -d -o ${uid} -g ${gid} -m 0700 ${filesDir}\n`);
  });

  test("says nothing of a heap, which is another one for each role", () => {
    expect(image).not.toContain("max-old-space-size");
  });
});

describe("a service of ours", () => {
  const numberIn = (name: string, pattern: RegExp): number =>
    Number(pattern.exec(services.get(name) ?? "")?.[1]);

  test.each(["worker", "gateway"])("%s is killed ten seconds behind its own grace", (name) => {
    const graceMs = numberIn(name, /PAWL_SHUTDOWN_GRACE_MS: "(\d+)"/);
    expect(numberIn(name, /stop_grace_period: (\d+)s/) * 1000).toBe(graceMs + 10_000);
  });

  test.each(["worker", "gateway"])("%s collects its garbage before it is killed for it", (name) => {
    const [, size, unit] = /mem_limit: (\d+)([gm])/.exec(services.get(name) ?? "") ?? [];
    const memoryMb = Number(size) * (unit === "g" ? 1024 : 1);
    const heapMb = numberIn(name, /NODE_OPTIONS: --max-old-space-size=(\d+)/);
    expect(heapMb).toBeGreaterThan(memoryMb / 2);
    expect(heapMb).toBeLessThanOrEqual(memoryMb * 0.8);
  });
});
