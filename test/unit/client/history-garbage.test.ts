// Who reads a run's history passes over what its workflow passed over.

import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { createFactReader } from "../../../src/client/history-facts.ts";
import { DECIDE_UPDATE, RAISE_UPDATE, SIGNALS } from "../../../src/temporal/names.ts";
import type { HistoryEvent } from "../../../src/temporal/payloads.ts";
import { eventAt, signaled, started, updateAccepted } from "../../support/history-events.ts";
import { GARBAGE } from "../../support/garbage.ts";
import { INPUT } from "../../support/run-facts.ts";

async function factsIn(event: HistoryEvent): Promise<readonly unknown[]> {
  const told = await createFactReader(loadDataConverter()).read(event);
  return told.map(({ fact }) => fact);
}

const signalled = (signalName: string, payloads: (typeof GARBAGE)[number][1]): HistoryEvent =>
  eventAt(9, {
    workflowExecutionSignaledEventAttributes: { signalName, input: { payloads: [...payloads] } },
  });

const updated = (name: string, payloads: (typeof GARBAGE)[number][1]): HistoryEvent =>
  eventAt(9, {
    workflowExecutionUpdateAcceptedEventAttributes: {
      acceptedRequest: { input: { name, args: { payloads: [...payloads] } } },
    },
  });

describe("garbage in a history is no fact", () => {
  test.each(GARBAGE)("%s", async (_, payloads) => {
    expect(await factsIn(signalled(SIGNALS.say, payloads))).toEqual([]);
    expect(await factsIn(signalled("unheardOf", payloads))).toEqual([]);
    for (const name of [DECIDE_UPDATE, RAISE_UPDATE, "unheardOf"]) {
      expect(await factsIn(updated(name, payloads))).toEqual([]);
    }
    expect(await factsIn(signalled(SIGNALS.resume, payloads))).toMatchObject([{ kind: "resumed" }]);
    const begun = eventAt(1, {
      workflowExecutionStartedEventAttributes: { input: { payloads: [...payloads] } },
    });
    expect(await factsIn(begun)).toEqual([{ kind: "started", input: null }]);
  });
});

describe("what Pawl sends is a fact", () => {
  test("a message, a word, money, an order", async () => {
    const message = { messageId: "m", text: "Hi.", mode: "queue", by: "ann" };
    expect(await factsIn(eventAt(9, signaled(SIGNALS.say, message)))).toEqual([
      { kind: "said", message },
    ]);
    expect(await factsIn(eventAt(9, signaled(SIGNALS.resume, { by: "ann" })))).toEqual([
      { kind: "resumed", by: "ann" },
    ]);
    const raise = { by: "ann", addMicroUsd: 5 };
    expect(await factsIn(eventAt(9, updateAccepted(RAISE_UPDATE, raise)))).toEqual([
      { kind: "resumed", ...raise },
    ]);
    expect(await factsIn(eventAt(1, started(INPUT)))).toEqual([{ kind: "started", input: INPUT }]);
  });
});
