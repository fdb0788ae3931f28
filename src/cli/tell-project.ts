// What `pawl dev` says of the project folder: what its worker has loaded, and what is wrong, whenever that changes.

import type { Config } from "../config.ts";
import type { CliContext } from "./context.ts";
import { count } from "./format.ts";
import { oneLine, STAYS } from "./kept-old.ts";

const LOOK_EVERY_MS = 250;

export async function tellProject(
  config: Config,
  { stderr }: Pick<CliContext, "stderr">,
): Promise<{ stop(): void }> {
  const [{ forgetReport, projectReportIn, readReport }, { mistakeText }] = await Promise.all([
    import("../project/project-report.ts"),
    import("../project/mistake.ts"),
  ]);
  const { dir } = config.project;
  const file = projectReportIn(config.stack.dir);
  // What an earlier stack had.
  forgetReport(file);
  let toldAt = "";
  const look = (): void => {
    const report = readReport(file);
    if (report === null || report.loadedAt === toldAt) return;
    toldAt = report.loadedAt;
    const { agents, tools, mistakes, keptOld } = report;
    const has = `${count(agents.length, "agent")}, ${count(tools.length, "tool")}`;
    const wrong = mistakes.length === 0 ? "" : `, ${count(mistakes.length, "mistake")}`;
    stderr.write(`Project ${dir}: ${has}${wrong}\n`);
    for (const mistake of mistakes) {
      const old = keptOld.includes(mistake.file) ? ` ${STAYS}` : "";
      stderr.write(`  ${oneLine(mistakeText(mistake))}${old}\n`);
    }
  };
  const looking = setInterval(look, LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(looking) };
}
