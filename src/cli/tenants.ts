// `pawl tenants`: who may have runs. A name that nobody registered is refused wherever it comes from, so that
// a typing error, or a name that only looks like another one, gets no budget of its own.

import type { Command } from "commander";
import type { Tenants } from "../store/tenants.ts";
import type { CliContext } from "./context.ts";
import { count } from "./format.ts";
import { withDatabase } from "./own-database.ts";

export function addTenants(program: Command, context: CliContext): void {
  const tenants = program.command("tenants").description("who may have runs: add, ls, remove");
  tenants
    .command("add")
    .description("register a tenant; a name is a-z, 0-9, dot, dash and underscore")
    .argument("<name>", "written in any case: it is kept in lower case")
    .action((given: string) =>
      withTenants(context, async (registry) => {
        const { name, isNew } = await registry.add(given);
        context.stdout.write(`${name}\n`);
        if (!isNew) context.stderr.write(`${name} has been registered before.\n`);
      }),
    );
  tenants
    .command("ls")
    .description("those that are registered")
    .option("--json", "one tenant per line")
    .action(({ json }: { json?: boolean }) =>
      withTenants(context, async (registry) => {
        for (const tenant of await registry.list()) {
          const line = json === true ? JSON.stringify(tenant) : tenant.name;
          context.stdout.write(`${line}\n`);
        }
      }),
    );
  tenants
    .command("remove")
    .description("no new runs for it from now on, and its keys are revoked; runs under way go on")
    .argument("<name>", "as `pawl tenants ls` shows it")
    .action((given: string) =>
      withTenants(context, async (registry) => {
        const { name, keysRevoked } = await registry.remove(given);
        const keys = keysRevoked === 0 ? "" : ` ${count(keysRevoked, "key")} revoked.`;
        context.stderr.write(`${name} is no tenant any more.${keys}\n`);
      }),
    );
}

async function withTenants(
  context: CliContext,
  work: (tenants: Tenants) => Promise<void>,
): Promise<void> {
  const { createTenants } = await import("../store/tenants.ts");
  await withDatabase(context, "Tenants", async (db) => await work(createTenants(db)));
}
