// The environment, read once into a frozen, validated Config in the words of the domain: the only
// reader of `process.env`. Which variable says what is the table's business: environment.ts.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import type { CapByScope } from "./domain/budget.ts";
import { PawlError } from "./domain/errors.ts";
import { utf8 } from "./domain/utf8.ts";
import { databaseAccess } from "./database-access.ts";
import { ENVIRONMENT, namesOf, type Variable } from "./environment.ts";
import type { DatabaseAccess } from "./conninfo/access.ts";
import { readModelsFile } from "./models-file.ts";
import { findProjectDir, isThere } from "./project-dir.ts";
import { unknownSettings } from "./unknown-settings.ts";

type Words<Group> = {
  readonly [Word in keyof Group]: Group[Word] extends Variable<infer S> ? z.output<S> : never;
};
type Groups = {
  readonly [Group in keyof typeof ENVIRONMENT]: Words<(typeof ENVIRONMENT)[Group]>;
};
export interface Config extends Omit<Groups, "database" | "project"> {
  readonly project: {
    /** Null where there are no agents, tools and models but those that came with Pawl. */
    readonly dir: string | null;
  };
  readonly database: Groups["database"] & {
    /** Null where no database is named. */
    readonly access: DatabaseAccess | null;
  };
}

/** What the environment says of the shared caps; null where it says nothing. */
export function capsByScope(caps: Config["caps"]): CapByScope {
  return {
    session: caps.sessionMicroUsd ?? null,
    tenant_day: caps.tenantDayMicroUsd,
    tenant_month: caps.tenantMonthMicroUsd ?? null,
    global_day: caps.globalDayMicroUsd ?? null,
  };
}

const VARIABLES: readonly Variable[] = Object.values(ENVIRONMENT).flatMap((words) =>
  Object.values<Variable>(words),
);
export const SETTING_NAMES: readonly string[] = VARIABLES.flatMap(namesOf);

/** Each setting by the name of its variable, with what holds. */
export function eachSetting(
  config: Config,
): readonly { readonly name: string; readonly value: unknown }[] {
  return Object.entries(ENVIRONMENT).flatMap(([group, words]) =>
    Object.entries<Variable>(words).map(([word, { name }]) => {
      const values: object = Reflect.get(config, group);
      return { name, value: Reflect.get(values, word) };
    }),
  );
}

/** Throws PawlError CONFIG that names every variable that is wrong, and none of their values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const issues: string[] = [...unknownSettings(env, SETTING_NAMES)];
  const read = (variable: Variable): unknown => {
    const parsed = variable.schema.safeParse(valueOf(variable, env));
    if (!parsed.success) {
      issues.push(...parsed.error.issues.map(({ message }) => `${variable.name}: ${message}`));
    }
    return parsed.data;
  };
  const groups = mapped(ENVIRONMENT, (group) =>
    Object.freeze(mapped<Variable, unknown>(group, read)),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has each group and word
  const { database, project: _, ...own } = groups as Groups;
  const dir = findProjectDir(env, process.cwd());
  const models = env["PAWL_MODELS_FILE"] ? own.models : (modelsIn(dir, issues) ?? own.models);
  const others = { ...own, models, project: Object.freeze({ dir }) };
  const access = databaseAccess({ database, ...others }, (issue) => issues.push(issue));
  if (issues.length === 0) {
    return Object.freeze({ ...others, database: Object.freeze({ ...database, access }) });
  }
  throw new PawlError("CONFIG", `The environment is not usable. ${issues.join("; ")}`);
}

/** Of the project's own file; null where it has none. */
function modelsIn(dir: string | null, issues: string[]): Config["models"] | null {
  const path = dir === null ? null : join(dir, "models.json");
  if (path === null || !isThere(path, false)) return null;
  const read = readModelsFile(path);
  if (read.kind === "read") return Object.freeze({ table: read.table });
  issues.push(...read.complaints);
  return null;
}

function mapped<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** An empty variable counts as one that is not set, as in compose files. */
function valueOf(
  { name, secret, inLowerCase }: Variable,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const path = secret ? env[`${name}_FILE`] : undefined;
  if (path) return readSecret(name, path);
  const value = (inLowerCase && env[name.toLowerCase()]) || env[name];
  return (secret ? value?.trim() : value) || undefined;
}

/** `NAME_FILE` names a file that holds the secret, as Docker and Kubernetes mount them. */
function readSecret(name: string, path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new PawlError("CONFIG", `${name}_FILE names ${path}, which can't be read.`, {
      cause: error,
    });
  }
  const secret = utf8(bytes)?.trim();
  if (secret) return secret;
  const wrong = secret === undefined ? "not UTF-8" : "empty";
  throw new PawlError("CONFIG", `${name}_FILE names ${path}, which is ${wrong}.`);
}
