// Case 18: a conversation in which a call has no answer is refused by every provider, for ever. Whatever made it so
// is a defect of ours, and told before it costs a hold, a request and a refusal.

import { describe, expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import { toolAnswer, userMessage, type Message } from "../../../../src/domain/message.ts";
import { openCallScene } from "../../../support/call-scene.ts";
import { SNAPSHOT } from "../../../support/run-story.ts";

const asks = (...ids: readonly string[]): Message => ({
  role: "assistant",
  content: ids.map((id) => ({ type: "tool_use", id, name: "calculator", input: {} })),
});

async function sent(stored: readonly Message[], added: readonly Message[]) {
  const { attempt, steps } = openCallScene({
    call: { entries: added.map((message) => ({ message })) },
  });
  const at = attempt(1);
  const bodies = [SNAPSHOT, userMessage("6*7?"), ...stored].map((body) => JSON.stringify(body));
  const deps = { ...at.deps, transcripts: { ...at.deps.transcripts, load: async () => bodies } };
  const result: unknown = await makeCall({ ...at, deps }).catch((error: unknown) => error);
  return { result, steps };
}

describe("a call without an answer keeps a request from being sent", () => {
  test.each<[string, readonly Message[], readonly Message[]]>([
    ["where somebody spoke behind it", [asks("a")], [userMessage("and Rome?")]],
    ["where we asked for more", [asks("a")], [userMessage("Please continue.")]],
    ["where nothing came behind it", [asks("a")], []],
    ["of two, one of which was answered", [asks("a", "b")], [toolAnswer("a", "42", false)]],
    ["answered under another id", [asks("a")], [toolAnswer("b", "42", false)]],
    [
      "of an earlier turn",
      [asks("a"), userMessage("x"), { role: "assistant", content: [{ type: "text", text: "y" }] }],
      [userMessage("z")],
    ],
  ])("%s", async (_, stored, added) => {
    const { result, steps } = await sent(stored, added);
    expect(result).toMatchObject({
      type: "INTERNAL",
      message: expect.stringMatching(/the call [ab] has no answer behind it/),
    });
    expect(steps).toEqual([]);
  });
});

test("one whose calls are all answered is sent", async () => {
  const answers = [toolAnswer("a", "1", false), toolAnswer("b", "2", true)];
  const { result, steps } = await sent([asks("a", "b")], [...answers, userMessage("and Rome?")]);
  expect(result).toMatchObject({ kind: "replied" });
  expect(steps).toContain("send");
});
