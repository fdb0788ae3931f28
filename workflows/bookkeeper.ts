// The activities that keep the books of runs and batches, under the title that people read in the history.

import { proxyActivities, type ActivityInterfaceFor } from "@temporalio/workflow";
import type { Activities } from "../activities/index.ts";
import { bookkeeping } from "./activity-options.ts";

export function books(summary: string): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({ ...bookkeeping(), summary });
}
