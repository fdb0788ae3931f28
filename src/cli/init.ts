// `pawl init`: a small project to begin with. What is there already is left as it is.

import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { PawlError } from "../domain/errors.ts";
import { fileTroubleIn } from "../domain/file-trouble.ts";
import type { CliContext } from "./context.ts";

export function addInit(program: Command, context: CliContext): void {
  program
    .command("init")
    .description("write a small project: an agent and a tool, to be run offline and edited")
    .argument("[dir]", "where; files that are there are left as they are", ".")
    .action(async (given: string) => {
      const { FIRST_RUN, writeStarter } = await import("../project/starter.ts");
      const dir = resolve(given);
      const { written, kept } = orTold(() => writeStarter(dir), dir);
      for (const name of written) context.stdout.write(`${name}\n`);
      if (kept.length > 0) context.stderr.write(`Left as they were: ${kept.join(", ")}\n`);
      const there = relative(process.cwd(), dir);
      const cd = there === "" ? "" : `cd ${there} && `;
      context.stderr.write(`Try it: ${cd}npx ${FIRST_RUN}\n`);
    });
}

function orTold<T>(write: () => T, dir: string): T {
  try {
    return write();
  } catch (error) {
    const why = fileTroubleIn(error, dir);
    throw why === null ? error : new PawlError("FILE_UNUSABLE", why, { cause: error });
  }
}
