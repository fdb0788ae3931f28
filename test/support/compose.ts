// What docker-compose.yml says, for tests that start without containers what it starts in them.

import { readFileSync } from "node:fs";
import { packageFile } from "../../src/package-root.ts";

type Words = Readonly<Record<string, string>>;

const text = readFileSync(packageFile("docker-compose.yml"), "utf8");

/** The version of Temporal that all its images have unless `.env` says another. */
export function pinnedTemporal(): string {
  const found = [
    ...text.matchAll(/temporalio\/(?:server|admin-tools):\$\{TEMPORAL_VERSION:-([\d.]+)\}/g),
  ];
  const versions = new Set(found.map(([, version = ""]) => version));
  const [version] = versions;
  if (version === undefined || versions.size > 1)
    throw new Error(`not one version: ${[...versions].join()}`);
  return version;
}

/** The environment of a service, with what `.env` would hold put in. */
export function environmentOf(service: string, dotEnv: Words): Words {
  const body = new RegExp(`\\n  ${service}:\\n((?: {4}.*\\n|\\n)*)`).exec(text)?.[1] ?? "";
  const block = /^ {4}environment:.*\n((?: {6}.*\n)*)/m.exec(body)?.[1] ?? "";
  const words = [...block.matchAll(/^ {6}(\w+): "?([^"\n]*)"?$/gm)];
  if (words.length === 0) throw new Error(`docker-compose.yml has no environment of ${service}`);
  return Object.fromEntries(
    words.map(([, name = "", value = ""]) => [name, filled(value, dotEnv)]),
  );
}

function filled(value: string, dotEnv: Words): string {
  return value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, sign, rest = "") => {
    const said = dotEnv[name] ?? (sign === "-" ? String(rest) : undefined);
    if (said === undefined) throw new Error(`${name} is not set`);
    return said;
  });
}
