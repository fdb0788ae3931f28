// What is wrong in the project folder where an edit is not in effect: whoever runs the old agent or tool shall know.

import type { Config } from "../config.ts";
import { spelledOut } from "../domain/shown-text.ts";

/** Of the local stack's worker; nothing where all that it serves is what the files say. */
export async function keptOldNotices({ project, stack, temporal }: Config): Promise<string[]> {
  if (project.dir === null || temporal.address !== undefined) return [];
  const [{ projectReportIn, readReport }, { mistakeText }] = await Promise.all([
    import("../project/project-report.ts"),
    import("../project/mistake.ts"),
  ]);
  const { mistakes = [], keptOld = [] } = readReport(projectReportIn(stack.dir)) ?? {};
  return mistakes
    .filter(({ file }) => keptOld.includes(file))
    .map((mistake) => `${oneLine(mistakeText(mistake))} ${STAYS}`);
}

export const STAYS = "What it held before stays in service.";

export function oneLine(text: string): string {
  return spelledOut(text).replaceAll("\n", " ");
}
