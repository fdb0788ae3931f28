import { expect, test } from "@jest/globals";
import { createEventMapper } from "../../../src/client/event-mapper.ts";
import type { Told } from "../../../src/client/history-facts.ts";
import { lineOf } from "../../../src/cli/narrate.ts";
import { ORDER, SNAPSHOT, START_MS } from "../../support/run-story.ts";

test("a task that meets rules says which and where, before its first turn", () => {
  const flagged = [
    { rule: "bidi", position: 4 },
    { rule: "pattern 1", position: 9 },
  ];
  const facts: readonly Told["fact"][] = [
    { kind: "started", input: ORDER },
    { kind: "opened", opened: { snapshot: SNAPSHOT, head: "genesis", taskRef: "task", flagged } },
  ];
  const options = { runId: "run_1", execution: 0, link: null, after: null, nowMs: () => START_MS };
  const mapper = createEventMapper(options);
  const events = facts.flatMap((fact, index) => [
    ...mapper.fact({ fact, eventId: index + 1, atMs: START_MS }),
  ]);
  expect(events.slice(1)).toMatchObject(
    flagged.map((finding) => ({ type: "input.flagged", ...finding })),
  );
  expect(events.map((event) => lineOf(event)?.text)).toContain(
    "! the task meets the rule bidi at character 4",
  );
});
