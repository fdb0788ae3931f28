// `pawl tools`: which tools there are, from where, what they may do, and who may call them.

import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { listSurvey } from "./survey.ts";

export function addTools(program: Command, context: CliContext): void {
  program
    .command("tools")
    .description("list the tools of the project and Pawl's own; exit code 2 where some are wrong")
    .option("--json", "one tool per line, then one mistake per line")
    .action(({ json }: { readonly json?: boolean }) =>
      listSurvey(context, {
        type: "tool",
        isJson: json === true,
        items: ({ tools }) => tools,
        head: ["tool", "from", "permission", "effect", "agents"],
        row: ({ name, from, permission, effect, agents }) => [
          name,
          from,
          permission,
          effect,
          agents.join(" ") || "none",
        ],
      }),
    );
}
