// `pawl agents`: which agents there are, from where, and what is wrong with those that there could be.

import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { listSurvey } from "./survey.ts";

export function addAgents(program: Command, context: CliContext): void {
  program
    .command("agents")
    .description("list the agents of the project and Pawl's own; exit code 2 where some are wrong")
    .option("--json", "one agent per line, then one mistake per line")
    .action(({ json }: { readonly json?: boolean }) =>
      listSurvey(context, {
        type: "agent",
        isJson: json === true,
        items: ({ agents }) => agents,
        head: ["agent", "from", "model", "permission", "tools"],
        row: ({ name, from, model, permission, tools }) => [
          name,
          from,
          model ?? "default",
          permission ?? "any",
          tools.join(" ") || "none",
        ],
      }),
    );
}
