// A call that waits for a person. What it takes to show one is loaded when the first is there.

import { later } from "./later.ts";

export const WaitingCall = later(async () => (await import("./approval-card.ts")).ApprovalCard);
export const WaitingQuestion = later(async () => (await import("./question-card.ts")).QuestionCard);
