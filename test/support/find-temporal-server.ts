// Where Temporal's own server is kept once it is built, by the version that docker-compose.yml pins.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheDir } from "../../src/dev/cache-dir.ts";
import { pinnedTemporal } from "./compose.ts";

export const BINARIES = [
  { from: "cmd/server", built: "server", name: "temporal-server" },
  { from: "cmd/tools/sql", built: "sql", name: "temporal-sql-tool" },
] as const;

export function serverFolder(): string {
  return join(cacheDir(process.env), `temporal-server-${pinnedTemporal()}`);
}

export function isServerBuilt(): boolean {
  return BINARIES.every(({ name }) => existsSync(join(serverFolder(), name)));
}

/** What there is to have it with; undefined where there is nothing. */
export function findServerSource(): string | undefined {
  return isServerBuilt() ? serverFolder() : findOnPath("go");
}

export function findOnPath(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
