// The operator's webhook is told of what waits for a person. Beside the wait: nobody waits for it, and what becomes
// of it changes nothing.

import { CancellationScope, condition, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { PendingApproval } from "../../src/domain/approval.ts";
import type { PendingQuestions } from "../../src/domain/question.ts";
import { notifying } from "../activity-options.ts";
import type { Life } from "./life.ts";
import { summaryOf } from "./show.ts";

export async function notify(
  life: Life,
  pending: PendingApproval | PendingQuestions,
  isWaiting: () => boolean,
): Promise<void> {
  const { notifyApproval } = proxyActivities<Activities>({
    ...notifying(),
    summary: summaryOf(`turn ${pending.turn}`, "webhook", pending.tool),
  });
  const { tenant, agent, session } = life.order;
  const telling = new CancellationScope();
  const told = telling.run(() => notifyApproval({ tenant, agent, session, pending }));
  told.catch(() => undefined);
  await condition(() => !isWaiting());
  telling.cancel();
}
