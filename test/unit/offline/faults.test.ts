import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import Anthropic from "@anthropic-ai/sdk";
import type { Message, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages/messages";
import { FAULT_KINDS } from "../../../offline-model/faults.ts";
import { LIES } from "../../../offline-model/lies.ts";
import { ask, CALCULATOR, callsOf, SEARCH, startBench, until, type Bench } from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
beforeEach(() => bench.admin("DELETE", ""));
afterAll(() => bench.model.close());

const tools = [CALCULATOR];
const TASK = "What is 6 * 7?";
const covered = new Set<string>();

const fault = async (kind: string, fields: object = {}): Promise<void> => {
  covered.add(kind);
  await bench.faults({ kind, ...fields });
};
const final = (): Promise<Message> =>
  bench.sdk.messages.stream(ask(TASK, { tools })).finalMessage();
const failure = (): Promise<Error & Record<string, unknown>> =>
  final().then(
    (message) =>
      Promise.reject(new Error(`it should have failed, and said ${JSON.stringify(message)}`)),
    (error: Error & Record<string, unknown>) => error,
  );

interface Seen {
  readonly events: string[];
  readonly error: unknown;
}

/** Reads raw events until `enough`, then hangs up. */
async function watch(enough: (events: readonly string[]) => boolean): Promise<Seen> {
  const abort = new AbortController();
  const events: string[] = [];
  try {
    const stream = await bench.sdk.messages.create(
      { ...ask(TASK, { tools }), stream: true },
      { signal: abort.signal },
    );
    for await (const event of stream as AsyncIterable<RawMessageStreamEvent>) {
      events.push(event.type);
      if (enough(events)) abort.abort();
    }
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

/** What goes over the wire, pings included, until `enough` has come. */
async function rawText(enough: (text: string) => boolean): Promise<string> {
  const abort = new AbortController();
  const response = await fetch(`${bench.model.url}/v1/messages`, {
    method: "POST",
    headers: { authorization: "Bearer k", "anthropic-version": "2026-10-21" },
    body: JSON.stringify({ ...ask(TASK, { tools }), stream: true }),
    signal: abort.signal,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response.body ?? []) {
    chunks.push(Buffer.from(chunk));
    if (enough(Buffer.concat(chunks).toString())) break;
  }
  abort.abort();
  return Buffer.concat(chunks).toString();
}

const billed = () => bench.model.billing();
const settled = () => until("the bill", () => (billed().length > 0 ? billed() : undefined));

describe("errors instead of a reply are free and look as the API's do", () => {
  const ERRORS: readonly (readonly [
    kind: string,
    fields: object,
    status: number,
    type: string | null,
  ])[] = [
    ["rate_limit", {}, 429, "rate_limit_error"],
    ["spend_limit", {}, 429, "rate_limit_error"],
    ["usage_limit", {}, 400, "invalid_request_error"],
    ["image_too_large", {}, 400, "invalid_request_error"],
    ["model_retired", {}, 404, "not_found_error"],
    ["billing", {}, 402, "billing_error"],
    ["auth", {}, 401, "authentication_error"],
    ["permission", {}, 403, "permission_error"],
    ["overloaded", {}, 529, "overloaded_error"],
    ["server_error", {}, 500, "api_error"],
    ["server_error", { status: 503 }, 503, "api_error"],
    ["server_error", { status: 504 }, 504, "timeout_error"],
    ["page", {}, 502, null],
  ];
  test.each(ERRORS)("%s %j", async (kind, fields, status, type) => {
    await fault(kind, fields);
    const error = await failure();
    expect({ status: error["status"], type: error["type"] }).toEqual({ status, type });
    expect(billed()).toEqual([]);
    expect((await final()).stop_reason).toBe("tool_use");
  });

  test("retry-after is there when it is ordered and only then", async () => {
    await fault("rate_limit", { retryAfterS: 7 });
    expect(((await failure())["headers"] as Headers).get("retry-after")).toBe("7");
    await fault("rate_limit");
    expect(((await failure())["headers"] as Headers).get("retry-after")).toBeNull();
  });

  test("a spend limit is told from a rate limit by its code", async () => {
    await fault("spend_limit");
    expect((await failure())["errorCode"]).toBe("enforced_spend_limit_reached");
  });

  test("HTML with status 200 is no reply", async () => {
    await fault("html_ok");
    expect(await failure()).toBeInstanceOf(Anthropic.AnthropicError);
    expect(billed()).toEqual([]);
  });
});

describe("connections that break", () => {
  test("reset before headers: a connection error, free", async () => {
    await fault("reset_before_headers");
    expect(await failure()).toBeInstanceOf(Anthropic.APIConnectionError);
    expect(billed()).toEqual([]);
  });

  test("reset after headers: no reply, the prompt is billed", async () => {
    await fault("reset_after_headers");
    await failure();
    expect(await settled()).toMatchObject([{ status: "aborted", outputTokens: 0 }]);
  });

  test("a slow first byte comes in the end", async () => {
    await fault("slow_first_byte", { delayMs: 150 });
    const from = Date.now();
    await final();
    expect(Date.now() - from).toBeGreaterThanOrEqual(140);
  });

  test("an answer lost after billing is billed whole", async () => {
    await fault("answer_lost");
    expect(await failure()).toBeInstanceOf(Anthropic.APIConnectionError);
    const [lost] = billed();
    await final();
    expect(billed()).toMatchObject([
      { status: "lost" },
      { status: "complete", outputTokens: lost?.outputTokens },
    ]);
  });
});

describe("streams that break", () => {
  test("a stall stops after the ordered number of events; hanging up is billed", async () => {
    await fault("stall", { afterEvents: 5 });
    const text = await rawText((seen) => seen.split("event: ").length - 1 >= 5);
    expect(text.split("event: ").length - 1).toBe(5);
    expect(await settled()).toMatchObject([{ status: "aborted" }]);
  });

  test("silence after message_start", async () => {
    await fault("silent");
    const { events } = await watch((seen) => seen.length === 1);
    expect(events).toEqual(["message_start"]);
    expect(await settled()).toMatchObject([{ status: "aborted", outputTokens: 0 }]);
  });

  test("pings and nothing else", async () => {
    await fault("ping_drip", { everyMs: 5 });
    const text = await rawText((seen) => seen.split("event: ping").length > 4);
    expect(text).not.toContain("content_block");
    expect(await settled()).toMatchObject([{ status: "aborted", outputTokens: 0 }]);
  });

  test("content one character at a time, each billed", async () => {
    await fault("content_drip", { everyMs: 2 });
    const { events } = await watch((seen) => seen.length > 12);
    expect(events.filter((type) => type === "content_block_delta").length).toBeGreaterThan(8);
    const [record] = await settled();
    expect(record?.outputTokens).toBeGreaterThanOrEqual(3);
  });

  test("an error event in mid-stream: an error without a status, billed for what was sent", async () => {
    await fault("stream_error", { afterEvents: 4 });
    const error = await failure();
    expect({ status: error["status"], type: error["type"] }).toEqual({
      status: undefined,
      type: "overloaded_error",
    });
    expect(billed()).toMatchObject([{ status: "aborted" }]);
  });

  test.each(["before_stop", "mid_event", "mid_utf8"])("truncated %s", async (where) => {
    await fault("truncate", { where });
    await failure();
    const [record] = billed();
    expect(record?.status).toBe("aborted");
    if (where === "before_stop") expect(record?.outputTokens).toBeGreaterThan(0);
  });

  test("an unknown event in between hurts nobody", async () => {
    await fault("unknown_event");
    expect(await rawText((seen) => seen.includes("message_stop"))).toContain("event: future_event");
    await fault("unknown_event");
    expect((await final()).stop_reason).toBe("tool_use");
  });
});

describe("replies that are not what one hoped for", () => {
  test("cut by max_tokens in the middle of a tool call", async () => {
    await fault("max_tokens_mid_tool");
    const reply = await final();
    expect(reply.stop_reason).toBe("max_tokens");
    expect(callsOf(reply)[0]?.input).not.toHaveProperty("expression", "6 * 7");
  });

  test("refused before any output: reported, not billed", async () => {
    await fault("refusal");
    expect(await final()).toMatchObject({
      stop_reason: "refusal",
      content: [],
      stop_details: { category: "cyber" },
    });
    expect(billed()).toEqual([]);
  });

  test("refused half-way: billed", async () => {
    await fault("refusal", { when: "mid" });
    expect((await final()).stop_reason).toBe("refusal");
    expect(billed()).toMatchObject([{ status: "complete" }]);
  });

  test("paused twice: the turn goes on when it is sent back unchanged", async () => {
    await fault("pause_turn", { times: 2 });
    const params = ask(TASK, { tools });
    const reasons: (string | null)[] = [];
    for (let round = 0; round < 3; round += 1) {
      const reply = await bench.sdk.messages.create(params);
      reasons.push(reply.stop_reason);
      params.messages.push({ role: "assistant", content: reply.content });
    }
    expect(reasons).toEqual(["pause_turn", "pause_turn", "tool_use"]);
  });

  test("an empty end_turn", async () => {
    await fault("empty_end_turn");
    expect(await final()).toMatchObject({
      stop_reason: "end_turn",
      content: [],
      usage: { output_tokens: 0 },
    });
  });

  test("parallel calls", async () => {
    await fault("parallel_calls", { count: 5 });
    const ids = callsOf(await final()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
  });

  test("tool input that is no JSON: the SDK mends what is unclosed and rejects what is wrong", async () => {
    await fault("invalid_tool_json");
    const text = await rawText((seen) => seen.includes("message_stop"));
    expect(text).toContain('"stop_reason":"tool_use"');
    await fault("invalid_tool_json");
    expect(callsOf(await final())[0]?.input).toEqual({});
    await fault("invalid_tool_json", { json: '{"expression": nope}' });
    expect(String(await failure())).toMatch(/JSON/);
  });

  test("an unknown stop reason", async () => {
    await fault("unknown_stop_reason");
    expect((await final()).stop_reason).toBe("future_reason");
  });

  test("usage that is missing or lies; the bill stays true", async () => {
    await fault("usage", { mode: "missing" });
    expect(await rawText((seen) => seen.includes("message_stop"))).not.toContain("usage");
    await fault("usage", { mode: "lying" });
    expect((await final()).usage).toMatchObject({ input_tokens: 1, output_tokens: 1 });
    for (const record of billed()) expect(record.inputTokens).toBeGreaterThan(100);
  });
});

describe("lies about what was used", () => {
  test.each(LIES)("%s: the exchange is fine, and the bill stays true", async (how) => {
    await fault("lie", { how });
    expect(await rawText((seen) => seen.includes("message_stop"))).toContain("message_start");
    await settled();
    const [record] = billed();
    expect(record).toMatchObject({ model: "claude-sonnet-5-5", status: "complete" });
    expect(record?.inputTokens).toBeGreaterThan(100);
  });

  test("a number beyond all numbers is on the wire as it is", async () => {
    await fault("lie", { how: "infinite" });
    expect(await rawText((seen) => seen.includes("message_stop"))).toContain(":1e400");
  });
});

describe("orders", () => {
  test("a fault strikes the requests it matches, after `skip` of them, `times` over", async () => {
    await bench.faults({
      kind: "overloaded",
      match: { runKey: "run_a", contains: "6 * 7" },
      skip: 1,
      times: 2,
    });
    const statuses = async (runKey: string, count: number) => {
      const seen: number[] = [];
      for (let at = 0; at < count; at += 1) {
        seen.push(
          await bench
            .sdkFor(runKey)
            .messages.create(ask(TASK))
            .then(
              () => 200,
              (error: { status: number }) => error.status,
            ),
        );
      }
      return seen;
    };
    expect(await statuses("run_b", 2)).toEqual([200, 200]);
    expect(await statuses("run_a", 4)).toEqual([200, 529, 529, 200]);
    await bench.faults({ kind: "overloaded", share: 0.75, times: 6 });
    expect(await statuses("run_c", 8)).toEqual([200, 529, 529, 529, 200, 529, 529, 529]);
  });

  test("scripted replies come in order, then the planner answers again", async () => {
    await bench.script(
      { reply: { text: "first", thinking: "hm" } },
      { reply: { text: "again" }, times: 2 },
      {
        reply: {
          toolCalls: [
            { name: "calculator", input: { expression: "1" } },
            { name: "web_search", input: { query: "x" } },
          ],
        },
      },
      { reply: { textBytes: 5_000 } },
    );
    const replies: Message[] = [];
    for (let at = 0; at < 6; at += 1)
      replies.push(
        await bench.sdk.messages.create(
          ask(TASK, { tools: [CALCULATOR, SEARCH], max_tokens: 4_000 }),
        ),
      );
    const texts = replies.map(({ content }) =>
      content.map((block) => (block.type === "text" ? block.text : block.type)).join(" "),
    );
    expect(texts.slice(0, 4)).toEqual(["thinking first", "again", "again", "tool_use tool_use"]);
    expect(texts[4]?.length).toBe(5_000);
    expect(texts[5]).toBe("thinking tool_use");
  });

  test("a script can put any JSON into a tool call", async () => {
    await bench.script({ reply: { rawToolJson: '{"expression": "1+1", "expression": "2+2"}' } });
    expect(callsOf(await final())[0]?.input).toEqual({ expression: "2+2" });
  });

  test("a request on hold shows in /admin/requests and goes on when released", async () => {
    covered.add("hold");
    await bench.faults(
      { kind: "hold", match: { runKey: "run_h" } },
      { kind: "hold", afterEvents: 3 },
    );
    interface Row {
      id: string;
      runKey: string | null;
      state: string;
      eventsSent: number;
    }
    const held = (count: number) =>
      until("held requests", async () => {
        const { requests } = (await bench.admin("GET", "/requests")) as { requests: Row[] };
        const rows = requests.filter(({ state }) => state === "held");
        return rows.length === count ? rows : undefined;
      });
    const first = bench.sdkFor("run_h").messages.stream(ask(TASK)).finalMessage();
    const second = final();
    expect((await held(2)).map(({ eventsSent }) => eventsSent).toSorted((a, b) => a - b)).toEqual([
      0, 3,
    ]);
    expect(await bench.admin("POST", "/release", { runKey: "run_h" })).toEqual({ released: 1 });
    await first;
    expect(await held(1)).toMatchObject([{ runKey: null }]);
    await bench.admin("POST", "/release");
    expect((await second).stop_reason).toBe("tool_use");
  });
});

test("every kind of fault there is has been ordered above, or in test/workflow", () => {
  expect([...covered, "whole_json"].toSorted()).toEqual([...FAULT_KINDS].toSorted());
});
