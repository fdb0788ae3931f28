// `pawl migrate`: makes the tables, or brings them up to date, as the role of DATABASE_URL. A worker does so
// at its start where its role may.

import type { Command } from "commander";
import { PawlError } from "../domain/errors.ts";
import type { CliContext } from "./context.ts";

export function addMigrate(program: Command, context: CliContext): void {
  program
    .command("migrate")
    .description("bring the schema in DATABASE_URL up to date, as its owner (docs/database.md)")
    .action(async () => {
      const [{ readConfig }, { migrate }] = await Promise.all([
        import("../config.ts"),
        import("../store/migrate.ts"),
      ]);
      const { url } = readConfig(context.env).database;
      if (!url) throw new PawlError("CONFIG", "DATABASE_URL is not set. The schema is there.");
      const applied = await migrate(url);
      for (const name of applied) context.stdout.write(`${name}\n`);
      const said = applied.length === 0 ? "Nothing was due." : `Applied: ${applied.length}.`;
      context.stderr.write(`${said}\n`);
    });
}
