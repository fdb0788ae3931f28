// A turn that is announced and can't be made yet: nobody thinks while the run waits.

import { expect, test } from "@jest/globals";
import type { WaitReason } from "../../../src/domain/run-event.ts";
import { RunModel } from "../../../src/gateway/page/run-model.ts";
import { eventOf } from "../../support/fake-client.ts";

const turn = (n: number) =>
  eventOf({ type: "turn.started", turn: n, model: "m", spentUsd: 0, capUsd: 1, offline: false });
const waits = (reason: WaitReason) =>
  eventOf({ type: "run.waiting", reason, message: "why", nextAttemptAt: null });
const goesOn = eventOf({ type: "run.continued", reason: "resumed" });

function replyIn(page: RunModel) {
  return page.items.findLast((item) => item.kind === "reply");
}

test.each<[WaitReason]>([["budget"], ["capacity"], ["worker"]])(
  "the reply of a run that waits (%s) is not being thought of, and is again where it goes on",
  (reason) => {
    const page = new RunModel();
    page.apply(turn(1));
    expect(replyIn(page)).toMatchObject({ isOpen: true, isWaiting: false });
    page.apply(waits(reason));
    expect(replyIn(page)).toMatchObject({ isOpen: true, isWaiting: true });
    page.apply(goesOn);
    expect(replyIn(page)).toMatchObject({ isOpen: true, isWaiting: false });
    page.apply(waits(reason));
    page.apply(turn(1));
    expect(replyIn(page)).toMatchObject({ isOpen: true, isWaiting: false });
  },
);
