import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { historyFromJSON } from "@temporalio/common/lib/proto-utils.js";
import { packageFile } from "../../src/package-root.ts";

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly overrides?: Record<string, string>;
}
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const json = (path: string): unknown => JSON.parse(readFileSync(packageFile(path), "utf8"));
const manifest = json("package.json") as Manifest;
const lock = json("package-lock.json") as { packages: Record<string, Locked> };
const pins = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };

// With the protobufjs that Temporal's packages ask for themselves it throws.
test("a recorded history can be read back", () => {
  expect(historyFromJSON({ events: [] })).toMatchObject({ events: [] });
});

test("all of Temporal's packages have one version", () => {
  const installed = readdirSync(packageFile("node_modules/@temporalio"));
  const versions = installed.map(
    (name) => (json(`node_modules/@temporalio/${name}/package.json`) as Manifest).version,
  );
  expect(installed).toContain("worker");
  expect(new Set(versions)).toEqual(new Set([pins["@temporalio/worker"]]));
});

describe("every dependency", () => {
  test.each(Object.entries(pins))("%s is pinned to one version: %s", (_, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  });

  test.each(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))(
    "%s is locked at %s",
    (name, version) => {
      expect(lock.packages[`node_modules/${name}`]?.version).toBe(version);
    },
  );
});

describe("the lockfile", () => {
  const locked = Object.entries(lock.packages).filter(([path]) => path !== "");

  test("says what each package must hash to", () => {
    expect(locked.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
  });

  // npm leaves out what the registry at hand does not have, and `npm ci` then refuses the whole file.
  test("holds the packages of every platform", () => {
    const missing = locked.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !locked.some(([other]) => other.endsWith(`node_modules/${name}`)))
        .map((name) => `${name}, wanted by ${path}`),
    );
    expect(missing).toEqual([]);
  });

  test("names no registry but the public one", () => {
    const hosts = locked.flatMap(([, { resolved }]) =>
      resolved === undefined ? [] : [new URL(resolved).host],
    );
    expect(hosts.filter((host) => host !== "registry.npmjs.org")).toEqual([]);
  });

  test("leaves the choice of registry to the machine: there is no .npmrc", () => {
    expect(existsSync(packageFile(".npmrc"))).toBe(false);
  });
});
