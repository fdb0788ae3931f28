import { expect, test } from "@jest/globals";
import { requestOf } from "../../../../activities/model-call/purposes.ts";
import type { Purpose } from "../../../../src/domain/purpose.ts";
import { userMessage } from "../../../../src/domain/message.ts";
import { callInput } from "../../../support/run-facts.ts";
import { SNAPSHOT } from "../../../support/run-story.ts";

const LIMITS = { ...SNAPSHOT.limits, replyTokens: 8000 };
const TOOLS = [{ type: "web_search", name: "web_search", max_uses: 3 }];
const shapeOf = (purpose: Purpose, limits = LIMITS) => {
  const snapshot = { ...SNAPSHOT, limits, serverTools: TOOLS };
  const messages = [userMessage("6*7?")];
  const chain = { added: messages, head: "h", newBodies: [], newLinks: [] };
  const request = requestOf("run_1", callInput(1, { purpose }), { snapshot, messages, ...chain });
  const { replyTokensMax, toolsOff = false, serverTools, verdict } = request;
  return { replyTokensMax, toolsOff, tools: serverTools.length, isJson: verdict !== undefined };
};
const stop = { limit: "tokens", message: "" } as const;

test.each<[string, Purpose, ReturnType<typeof shapeOf>]>([
  [
    "a step of the work may be as long as is allowed",
    { kind: "work" },
    { replyTokensMax: 8000, toolsOff: false, tools: 1, isJson: false },
  ],
  [
    "a verdict on the task is short, JSON, and has no tools",
    { kind: "route" },
    { replyTokensMax: 256, toolsOff: false, tools: 0, isJson: true },
  ],
  [
    "a summary is bounded, and leaves the tools as they are",
    { kind: "summary", toolsOff: false },
    { replyTokensMax: 4096, toolsOff: false, tools: 1, isJson: false },
  ],
  [
    "a summary that is asked for again can call none",
    { kind: "summary", toolsOff: true },
    { replyTokensMax: 4096, toolsOff: true, tools: 1, isJson: false },
  ],
  [
    "last words call no tools, which stay in the request",
    { kind: "wrap_up", stop },
    { replyTokensMax: 8000, toolsOff: true, tools: 1, isJson: false },
  ],
])("%s", (_, purpose, expected) => {
  expect(shapeOf(purpose)).toEqual(expected);
});

test("none is longer than the run allows a reply to be", () => {
  const limits = { ...LIMITS, replyTokens: 100 };
  const purposes: Purpose[] = [{ kind: "route" }, { kind: "summary", toolsOff: false }];
  for (const purpose of purposes) expect(shapeOf(purpose, limits).replyTokensMax).toBe(100);
});
