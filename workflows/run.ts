// What the files of a run's workflow work with: the order, the memory, the ear, and the desk.

import type { RunInput } from "../src/domain/run.ts";
import type { RunState } from "../src/domain/run-state.ts";
import type { ApprovalDesk } from "./approvals.ts";
import type { Inbox } from "./run-inbox.ts";

export interface Run {
  readonly input: RunInput;
  readonly state: RunState;
  readonly inbox: Inbox;
  readonly desk: ApprovalDesk;
}
