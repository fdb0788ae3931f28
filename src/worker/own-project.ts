// The project folder of a worker. In a fleet it is loaded once, and a mistake in it keeps the worker from starting, as
// any other slip of its settings does; on the local stack it is loaded again whenever it changes, and what is right
// in it is served.

import type { Tool } from "../../activities/tools/define-tool.ts";
import type { Config } from "../config.ts";
import { PawlError } from "../domain/errors.ts";
import type { LiveProject } from "../project/live-project.ts";
import type { Project } from "../project/load-project.ts";
import { mistakeText } from "../project/mistake.ts";
import { writeReport } from "../project/project-report.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

export interface ProjectTerms {
  readonly tools: readonly Tool[];
  /** Of the local stack: where it is told what was loaded. */
  readonly reportFile: string | undefined;
}

/** Null where there is no project. Throws PawlError CONFIG. */
export async function openProject(
  config: Config,
  telemetry: Telemetry,
  { tools, reportFile }: ProjectTerms,
): Promise<LiveProject | null> {
  const { dir } = config.project;
  if (dir === null) return null;
  // What loads a project is large (YAML, TypeScript), and most workers have none.
  const [{ openLiveProject }, { surroundingsOf }] = await Promise.all([
    import("../project/live-project.ts"),
    import("../project/surroundings.ts"),
  ]);
  const isLocal = reportFile !== undefined;
  let told = new Set<string>();
  const onLoad = (project: Project): void => {
    const mistakes = new Set(project.mistakes.map(mistakeText));
    for (const message of mistakes) {
      if (!told.has(message)) telemetry.emit({ event: "project_mistake", message });
    }
    told = mistakes;
    telemetry.emit({ event: "project_loaded", dir, ...namesIn(project) });
    if (isLocal) tryReport(reportFile, project);
  };
  const around = surroundingsOf(config, tools);
  const project = await openLiveProject({ dir, around, reloads: isLocal, onLoad });
  const { mistakes } = project.loaded;
  if (isLocal || mistakes.length === 0) return project;
  throw new PawlError(
    "CONFIG",
    `The project ${dir} is not usable. ${mistakes.map(mistakeText).join(" ")}`,
    { next: "mend it, or name another folder in PAWL_PROJECT_DIR; `pawl agents` tells the same" },
  );
}

/** No telling is worth a run. */
function tryReport(file: string, project: Project): void {
  try {
    writeReport(file, project);
  } catch {
    // A full disk: it stands in the log.
  }
}

function namesIn({ agents, tools }: Project) {
  return {
    agents: agents.map(({ definition }) => definition.name),
    tools: tools.map(({ tool }) => tool.spec.name),
  };
}
