// What a tool says while it is under way, and what was taken back, as viewers are told.

import { expect, test } from "@jest/globals";
import { lineOf } from "../../../src/cli/narrate.ts";
import { RunModel } from "../../../src/gateway/page/run-model.ts";
import { mapperFrom, tell } from "../../support/mapper.ts";
import { asked, began, calling, markRow, OPENING, type History } from "../../support/run-facts.ts";

const RUNNING: History = [
  ...OPENING,
  [9, asked(1), { activityId: "2" }],
  [11, calling({ "1.1": "web_search" })],
  [13, ...began("1.1", "3")],
];

test("progress is told while the tool runs, and none of it behind its end", () => {
  const mapper = mapperFrom();
  tell(mapper, RUNNING);
  const rows = [
    markRow("3", { attempt: 1, seq: 2 }, { kind: "progress", text: "page 1", share: 0.25 }),
    markRow("3", { attempt: 1, seq: 3 }, { kind: "progress", text: "page 2", share: null }),
  ];
  const events = mapper.rows("3", rows);
  expect(events).toMatchObject([
    {
      type: "tool.progress",
      turn: 1,
      callId: "1.1",
      tool: "web_search",
      text: "page 1",
      share: 0.25,
    },
    { type: "tool.progress", text: "page 2", share: null },
  ]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  expect(events.map((event) => lineOf(event)?.text)).toEqual([
    "… web_search 25 % page 1",
    "… web_search page 2",
  ]);
  const page = new RunModel();
  for (const event of events) page.apply(event);
  expect(page.items).toMatchObject([{ kind: "tool", tool: "web_search", progress: "page 2" }]);
});

test("what a tool says is one line, spelled out, whatever it is", () => {
  const mapper = mapperFrom();
  tell(mapper, RUNNING);
  const mark = { kind: "progress", text: "a\u001b[2J\nb", share: 1 } as const;
  const [event] = mapper.rows("3", [markRow("3", { attempt: 1, seq: 2 }, mark)]);
  if (event === undefined) throw new Error("nothing was told");
  const characters = (lineOf(event)?.text ?? "\n").split("");
  expect(characters.filter((character) => character < " ")).toEqual([]);
});
