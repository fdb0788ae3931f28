// What is said where a command has other settings than the stack that runs: which they are, without their values,
// who answers a run that is started now, and how the settings of the command are taken.

import type { Config } from "../config.ts";
import { wantsOfflineModel } from "./part-context.ts";
import type { StackState } from "./stack-state.ts";

export interface Difference {
  readonly changed: readonly string[];
  /** Why the stack stays as it is. */
  readonly why: string;
}

export function restartText(changed: readonly string[]): string {
  return `Restarting the local stack, in which no run is open, since these differ: ${namesIn(changed)} …`;
}

export function differenceText(
  { offline }: Pick<StackState, "offline">,
  config: Config,
  { changed, why }: Difference,
): string {
  const provider = offline === wantsOfflineModel(config) ? "" : `${answeredBy(offline)}; `;
  return `The local stack keeps its settings, as ${why}. These are others here: ${namesIn(changed)}; ${provider}to take them: pawl restart`;
}

function answeredBy(offline: boolean): string {
  return offline
    ? "so the offline model answers, and not the real one"
    : "so the real model answers, for real money, and not the offline one";
}

function namesIn(changed: readonly string[]): string {
  return changed.join(", ");
}
