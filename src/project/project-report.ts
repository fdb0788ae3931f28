// What the worker of a local stack has loaded of the project, for those who watch the stack: a file in its state folder.

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Project } from "./load-project.ts";

const REPORT = z.object({
  loadedAt: z.string(),
  agents: z.array(z.string()),
  tools: z.array(z.string()),
  mistakes: z.array(
    z.object({
      file: z.string(),
      line: z.number().nullable(),
      what: z.string(),
      remedy: z.string(),
    }),
  ),
  keptOld: z.array(z.string()),
});

export type ProjectReport = Readonly<z.output<typeof REPORT>>;

export function projectReportIn(stateDir: string): string {
  return join(stateDir, "project.json");
}

export function writeReport(file: string, { agents, tools, mistakes, keptOld }: Project): void {
  const report: ProjectReport = {
    loadedAt: new Date().toISOString(),
    agents: agents.map(({ definition }) => definition.name),
    tools: tools.map(({ tool }) => tool.spec.name),
    mistakes: [...mistakes],
    keptOld: [...keptOld],
  };
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, JSON.stringify(report), { mode: 0o600 });
  renameSync(beside, file);
}

/** Null where there is none. */
export function readReport(file: string): ProjectReport | null {
  try {
    return REPORT.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

export function forgetReport(file: string): void {
  rmSync(file, { force: true });
}
