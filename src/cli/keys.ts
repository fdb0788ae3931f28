// `pawl keys`: makes, lists and revokes the keys of the gateway. A secret is printed once, alone on
// stdout, so that it can be piped to where it is kept.

import { InvalidArgumentError, Option, type Command } from "commander";
import { PawlError } from "../domain/errors.ts";
import { KEY_SCOPES, type KeyScope } from "../domain/key-scope.ts";
import { PERMISSIONS, type Permission } from "../domain/permission.ts";
import { present } from "../domain/present.ts";
import { shownLine } from "../domain/shown-text.ts";
import type { ApiKey, ApiKeys } from "../store/api-keys.ts";
import type { Tenants } from "../store/tenants.ts";
import type { CliContext } from "./context.ts";
import { durationMs } from "./option-values.ts";
import { withDatabase } from "./own-database.ts";

interface CreateFlags {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly permission?: Permission;
  readonly expires?: number;
}

const SCOPES_DEFAULT: readonly KeyScope[] = ["runs:read", "runs:write"];

export function addKeys(program: Command, context: CliContext): void {
  const keys = program.command("keys").description("keys to the gateway");
  keys
    .command("create")
    .description("make a key; its secret is shown once")
    .requiredOption("--tenant <name>", "a tenant: whose runs it sees and starts")
    .option("--name <name>", "what it is for; approvals are signed with it", plainName, "key")
    .option("--scopes <list>", KEY_SCOPES.join(","), scopeList, SCOPES_DEFAULT)
    .addOption(
      new Option("--permission <most>", "runs of it use no tools above this").choices(PERMISSIONS),
    )
    .option("--expires <duration>", "such as 90d; never unless given", durationMs)
    .action((flags: CreateFlags) =>
      withKeys(context, async (store, tenants) => {
        const tenant = await tenants.admit(flags.tenant);
        await create(context, store, { ...flags, tenant });
      }),
    );
  keys
    .command("ls")
    .description("keys there are, without their secrets")
    .option("--json", "one key per line")
    .action(({ json }: { json?: boolean }) =>
      withKeys(context, async (store) => {
        for (const key of await store.list()) {
          context.stdout.write(`${json === true ? JSON.stringify(key) : lineOf(key)}\n`);
        }
      }),
    );
  keys
    .command("revoke")
    .description("end a key; gateways refuse it within ten seconds")
    .argument("<id>", "as `pawl keys ls` shows it; not the key itself")
    .action(async (id: string) => {
      checkKeyId(id);
      await withKeys(context, async (store) => {
        if (!(await store.revoke(id))) {
          throw new PawlError("USAGE", "There is no key of that id.", {
            next: "see `pawl keys ls`",
          });
        }
        context.stderr.write(`The key ${id} is revoked.\n`);
      });
    });
}

async function create(
  { stdout, stderr }: CliContext,
  store: ApiKeys,
  { tenant, name, scopes, permission, expires }: CreateFlags,
): Promise<void> {
  const expiresAt = expires === undefined ? null : new Date(Date.now() + expires);
  const { key, about } = await store.create({
    ...{ tenant, name, scopes, expiresAt },
    ...present({ permission }),
  });
  stderr.write(`${lineOf(about)}\nKeep it now: it is not shown again.\n`);
  stdout.write(`${key}\n`);
}

function lineOf(key: ApiKey): string {
  const { keyId, tenant, name, scopes, permission, expiresAt, revokedAt, lastUsedAt } = key;
  const may = permission === null ? [] : [`permission ${permission}`];
  const state = revokedAt === null ? (expiresAt === null ? "" : `until ${expiresAt}`) : "revoked";
  const used = lastUsedAt === null ? "never used" : `used ${lastUsedAt}`;
  return [keyId, shownLine(tenant), shownLine(name), scopes.join(","), ...may, used, state]
    .join("  ")
    .trimEnd();
}

async function withKeys(
  context: CliContext,
  work: (keys: ApiKeys, tenants: Tenants) => Promise<void>,
): Promise<void> {
  const [{ createApiKeys }, { createTenants }] = await Promise.all([
    import("../store/api-keys.ts"),
    import("../store/tenants.ts"),
  ]);
  await withDatabase(context, "Keys", async (db, { tenants: { isOpen } }) => {
    await work(createApiKeys(db), createTenants(db, { isOpen }));
  });
}

/** Other users of the machine see what stands in a command line, and the shell keeps it: no word of it is repeated. */
function checkKeyId(text: string): void {
  if (/^[a-z0-9]{1,32}$/.test(text)) return;
  throw new PawlError(
    "USAGE",
    "That is no id of a key, and a key has no place in a command line.",
    {
      next: "give its id, as `pawl keys ls` shows it: the letters between pawl_ and the next _",
    },
  );
}

/** What decisions are signed with and lists show: nothing that could pass for something else. */
function plainName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError("it has up to 64 letters, digits, dots, dashes and underscores.");
}

function scopeList(text: string): readonly KeyScope[] {
  const named = text.split(",").map((scope) => scope.trim());
  return named.map((given) => {
    const scope = KEY_SCOPES.find((known) => known === given);
    if (scope === undefined) throw new InvalidArgumentError(`scopes are ${KEY_SCOPES.join(", ")}.`);
    return scope;
  });
}
