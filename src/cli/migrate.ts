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
      const { access } = readConfig(context.env).database;
      if (access === null)
        throw new PawlError(
          "CONFIG",
          "DATABASE_URL is not set. A local stack sees to its own schema.",
          {
            next: "name the database; DATABASE_URL=postgres:// takes all of it from PGHOST and its kin",
          },
        );
      const say = (line: string): void => void context.stderr.write(`${line}\n`);
      const applied = await migrate(access, { onWait: say });
      for (const name of applied) context.stdout.write(`${name}\n`);
      if (applied.length === 0) say("Nothing was due.");
    });
}
