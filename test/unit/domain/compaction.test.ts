import { describe, expect, test } from "@jest/globals";
import {
  branchFrom,
  isSummaryDue,
  makesRoom,
  maySumUp,
  needsToolsOff,
  noteReply,
  summaryQuestion,
  whyNoSummary,
  withFailures,
} from "../../../src/domain/compaction.ts";
import { summaryMark } from "../../../src/domain/run/summary.ts";
import { roomForSummary } from "../../../src/domain/kept-back.ts";
import type { Limits } from "../../../src/domain/limits.ts";
import { textOf, userMessage, withoutThinking, type Message } from "../../../src/domain/message.ts";
import { openingState, takeReply } from "../../../src/domain/run-state.ts";
import type { RunState } from "../../../src/domain/run/state.ts";
import type { Entry } from "../../../src/domain/call.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { aReply, aSnapshot } from "../../support/replies.ts";

const LIMITS: Limits = aSnapshot().limits;
const OPENING_TOKENS = 2000;
const MARK = 35_000;

function opened(compactAtTokens?: number): RunState {
  const snapshot = aSnapshot(compactAtTokens === undefined ? {} : { compactAtTokens });
  return openingState({ snapshot, head: "genesis", taskRef: "task" }, 0);
}

/** After its first reply, and then grown to so many tokens. */
function grownTo(headTokens: number): RunState {
  const state = opened(MARK);
  const reply = aReply({ usage: { ...NO_USAGE, inputTokens: OPENING_TOKENS } });
  noteReply(state, reply);
  takeReply(state, reply);
  state.headTokens = headTokens;
  return state;
}

const call = (callId: string, name = "calculator") => ({
  callId,
  name,
  preview: "",
  argsDigest: "",
});
const textsOf = (entries: readonly Entry[]): string =>
  entries.map((entry) => ("message" in entry ? textOf(entry.message) : entry.ref)).join("|");

describe("the mark", () => {
  test.each<[string, Partial<Limits>, number, number | null]>([
    ["is seven tenths of the cap on a request", {}, 1_000_000, 35_000],
    ["or of the window, where that is smaller", {}, 40_000, 27_705],
    ["leaves room for a long reply and a summary", { replyTokens: 16_000 }, 1_000_000, 25_992],
    ["is none where there is too little room", { requestTokens: 20_000 }, 1_000_000, null],
    [
      "follows small replies",
      { requestTokens: 8000, replyTokens: 512 },
      1_000_000,
      Math.floor((8000 - 512 - 1536) * 0.9),
    ],
  ])("%s", (_, limits, window, mark) => {
    expect(summaryMark({ ...LIMITS, ...limits }, window)).toBe(mark);
  });

  test("below it a reply and a summary fit into a request together", () => {
    const mark = summaryMark(LIMITS, 1_000_000) ?? Number.NaN;
    const together = mark + LIMITS.replyTokens + roomForSummary(LIMITS);
    expect(together).toBeLessThanOrEqual(LIMITS.requestTokens);
  });
});

describe("a summary is due", () => {
  test("from the mark on, and not before", () => {
    expect(isSummaryDue(grownTo(MARK - 1))).toBe(false);
    expect(isSummaryDue(grownTo(MARK))).toBe(true);
  });

  test("before it, where a request was too long", () => {
    const state = grownTo(20_000);
    expect(makesRoom(state, "too long")).toBe(true);
    expect(isSummaryDue(state)).toBe(true);
  });

  test("never in a run that was opened without", () => {
    const state = opened();
    noteReply(state, aReply());
    expect(state.compaction).toBeUndefined();
    expect([maySumUp(state), isSummaryDue(state), makesRoom(state, "")]).toEqual([
      false,
      false,
      false,
    ]);
    expect(summaryQuestion(state)).toHaveLength(1);
  });

  test.each<[string, (state: RunState) => void]>([
    ["before the first reply of a branch", (state) => (state.headTokens = 0)],
    ["within an answer that is continued", (state) => (state.continued = 1)],
    ["behind a note of ours", (state) => (state.endsWithNote = true)],
    [
      "in a turn that the provider paused",
      (state) => (state.stumble = { over: "provider_pause", times: 1 }),
    ],
    [
      "where the provider has a call of its own open",
      (state) => {
        const content = [
          { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
          { type: "web_search_tool_result", tool_use_id: "s1", content: [] },
          { type: "server_tool_use", id: "s2", name: "web_search", input: {} },
        ];
        noteReply(state, aReply({ message: { role: "assistant", content } }));
      },
    ],
    [
      "after two failures",
      (state) => (state.compaction = { ...state.compaction!, failures: ["", ""] }),
    ],
    [
      "where the task itself is that long",
      (state) => (state.compaction = { ...state.compaction!, openingTokens: MARK - 8000 }),
    ],
  ])("not %s", (_, change) => {
    const state = grownTo(MARK);
    change(state);
    expect(isSummaryDue(state)).toBe(false);
  });
});

describe("a request that is too long", () => {
  test("makes the run sum up once; where the summary has no room either, it is given up", () => {
    const state = grownTo(20_000);
    expect(makesRoom(state, "first")).toBe(true);
    expect(makesRoom(state, "second")).toBe(true);
    expect(makesRoom(state, "third")).toBe(false);
    expect(withFailures("too long", state)).toBe(
      "too long; it could not be summed up (no room: second)",
    );
  });

  test("is reported as it is where nothing failed", () => {
    expect(withFailures("too long", grownTo(10))).toBe("too long");
  });
});

describe("what a run remembers for its next branch", () => {
  const said = (text: string): Entry => ({ message: userMessage(text), said: true });

  test("the first prompt, the newest calls, and the tools whose answers were read", () => {
    const state = opened(MARK);
    const usage = { ...NO_USAGE, inputTokens: 10, cacheReadTokens: 5 };
    noteReply(state, aReply({ ref: "r1", usage, toolCalls: [call("c1", "made_up")] }));
    expect(state.compaction).toMatchObject({
      openingTokens: 15,
      asking: "r1",
      openCalls: ["c1"],
      sources: [],
    });
    noteReply(state, aReply({ ref: "r2" }));
    expect(state.compaction).toMatchObject({ openingTokens: 15, asking: null, openCalls: [] });
  });

  test("each tool once, the provider's search too", () => {
    const tools = [{ name: "calculator" }, { name: "web_search" }];
    const snapshot = { ...aSnapshot({ compactAtTokens: MARK }), tools } as unknown as ReturnType<
      typeof aSnapshot
    >;
    const state = openingState({ snapshot, head: "genesis", taskRef: "task" }, 0);
    noteReply(state, aReply({ toolCalls: [call("c1"), call("c2")] }));
    noteReply(state, aReply({ usage: { ...NO_USAGE, webSearchRequests: 1 } }));
    expect(state.compaction?.sources).toEqual(["calculator", "web_search"]);
  });

  test("what people said and was read, the newest of it word for word", () => {
    const state = opened(MARK);
    state.entries = [{ ref: "answer" }, { message: userMessage("a nudge of ours") }, said("one")];
    noteReply(state, aReply());
    state.entries = [said("x".repeat(15_999)), said("two")];
    noteReply(state, aReply());
    expect(state.compaction?.said).toEqual(["two"]);
    state.entries = [said("y".repeat(30_000))];
    noteReply(state, aReply());
    expect(state.compaction?.said).toEqual(["y".repeat(30_000)]);
    state.entries = [said("short"), said("shorter")];
    noteReply(state, aReply());
    expect(state.compaction?.said).toEqual(["short", "shorter"]);
  });
});

describe("the question", () => {
  test("gives each open call an answer, so that the API takes it", () => {
    const state = opened(MARK);
    noteReply(state, aReply({ toolCalls: [call("c1"), call("c2")] }));
    const blocks = summaryQuestion(state).flatMap((entry) =>
      "message" in entry ? entry.message.content : [],
    );
    expect(blocks.map(({ type }) => type)).toEqual(["tool_result", "tool_result", "text"]);
  });

  test.each<[string, string[], RegExp, boolean]>([
    ["leaves the tools on at first, for the cache", [], /at most 1024 words/, false],
    [
      "is for fewer words after a cut",
      [whyNoSummary(opened(MARK), aReply({ stopReason: "max_tokens" })) ?? ""],
      /at most 512 words/,
      false,
    ],
    ["is put with tools off after any other failure", ["empty"], /at most 512 words/, true],
  ])("%s", (_, failures, words, toolsOff) => {
    const state = opened(MARK);
    state.compaction = { ...state.compaction!, failures };
    expect(textsOf(summaryQuestion(state))).toMatch(words);
    expect(needsToolsOff(state)).toBe(toolsOff);
  });
});

describe("the branch", () => {
  const compaction = { ...opened(MARK).compaction!, sources: ["web_search"] };

  test("holds the task, the summary and the label of its sources", () => {
    const branch = branchFrom(compaction, aReply({ ref: "summary" }));
    expect(textsOf(branch)).toMatch(
      /^task\|summary\|Go on from your summary above.*from these tools: web_search\./,
    );
    expect(branch[1]).toEqual({ ref: "summary", bare: true });
  });

  test("and what people said, the newest calls, and that the summary was cut", () => {
    const more = { ...compaction, said: ["be brief"], asking: "r9", sources: [] };
    const branch = branchFrom(more, aReply({ ref: "summary", stopReason: "max_tokens" }));
    expect(textsOf(branch)).toMatch(
      /^task\|Said by the user.*be brief\|summary\|.*cut at its end\.\|r9$/s,
    );
    expect(branch.at(-1)).toEqual({ ref: "r9", bare: true });
  });

  test("takes no thinking along", () => {
    const content = [
      { type: "thinking", thinking: "", signature: "s" },
      { type: "redacted_thinking", data: "d" },
      { type: "text", text: "ok" },
    ];
    const message: Message = { role: "assistant", content };
    expect(withoutThinking(message)).toEqual({ role: "assistant", content: content.slice(2) });
  });
});

describe("a reply is no summary", () => {
  const state = opened(MARK);
  const again = { ...state, compaction: { ...state.compaction!, failures: ["once"] } };

  test.each<[string, Parameters<typeof aReply>[0], RunState, RegExp | null]>([
    ["but for one that ended", {}, state, null],
    ["or stopped at a sequence", { stopReason: "stop_sequence" }, state, null],
    ["where it calls a tool", { toolCalls: [call("c")] }, state, /called a tool/],
    ["where it says nothing", { text: "" }, state, /empty \(end_turn\)/],
    ["where it was refused half way", { stopReason: "refusal" }, state, /ended with refusal/],
    ["where it was cut", { stopReason: "max_tokens" }, state, /cut/],
    ["but the second that was cut must do", { stopReason: "max_tokens" }, again, null],
  ])("%s", (_, reply, at, why) => {
    const told = whyNoSummary(at, aReply(reply));
    if (why === null) expect(told).toBeNull();
    else expect(told).toMatch(why);
  });
});
