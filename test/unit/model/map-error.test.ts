import { afterEach, describe, expect, test } from "@jest/globals";
import { ModelCallError } from "../../../src/model/model.ts";
import { toModelCallError } from "../../../src/model/map-error.ts";
import { aModel, aRequest, DEAF, failureOf, NEVER } from "../../support/calls.ts";
import {
  END,
  openStream,
  refuse,
  sse,
  START,
  startScriptedProvider,
  textBlock,
  type Answer,
  type ScriptedProvider,
} from "../../support/scripted-provider.ts";

let provider: ScriptedProvider | undefined;

afterEach(async () => {
  await provider?.stop();
  provider = undefined;
});

async function callError(answer: Answer): Promise<ModelCallError> {
  provider = await startScriptedProvider(answer);
  const error = await failureOf(aModel(provider.url).call(aRequest(), DEAF, NEVER));
  expect(provider.requests).toHaveLength(1);
  return error;
}

const LIMIT_REACHED = "You have reached your specified API usage limits.";

describe("an answer of the API", () => {
  test.each<[string, number, Parameters<typeof refuse>[2], string]>([
    ["400", 400, { type: "invalid_request_error" }, "PROVIDER_REJECTED"],
    ["401", 401, { type: "authentication_error" }, "PROVIDER_AUTH"],
    ["403", 403, { type: "permission_error" }, "PROVIDER_AUTH"],
    ["404", 404, { type: "not_found_error" }, "MODEL_RETIRED"],
    ["408", 408, { type: "timeout_error" }, "PROVIDER_UNAVAILABLE"],
    ["409", 409, { type: "conflict_error" }, "PROVIDER_UNAVAILABLE"],
    ["413", 413, { type: "request_too_large" }, "PROVIDER_REJECTED"],
    ["422", 422, { type: "invalid_request_error" }, "PROVIDER_REJECTED"],
    ["429", 429, { type: "rate_limit_error" }, "PROVIDER_RATE_LIMITED"],
    ["500", 500, { type: "api_error" }, "PROVIDER_UNAVAILABLE"],
    ["503", 503, { type: "api_error" }, "PROVIDER_UNAVAILABLE"],
    ["504", 504, { type: "timeout_error" }, "PROVIDER_UNAVAILABLE"],
    ["529", 529, { type: "overloaded_error" }, "PROVIDER_OVERLOADED"],
    ["402", 402, { type: "billing_error" }, "PROVIDER_SPEND_LIMIT"],
    [
      "429 at the organisation's spend limit",
      429,
      { type: "rate_limit_error", error_code: "enforced_spend_limit_reached" },
      "PROVIDER_SPEND_LIMIT",
    ],
    [
      "429 at the contract's spend limit",
      429,
      { type: "rate_limit_error", error_code: "contract_spend_limit_reached" },
      "PROVIDER_SPEND_LIMIT",
    ],
    [
      "429 of a ramp that is too steep",
      429,
      { type: "rate_limit_error", error_code: "ramp_limit_exceeded" },
      "PROVIDER_RATE_LIMITED",
    ],
    [
      "400 at the workspace's usage limit",
      400,
      { type: "invalid_request_error", message: LIMIT_REACHED },
      "PROVIDER_SPEND_LIMIT",
    ],
  ])("%s has its code and is free", async (_, status, error, code) => {
    const failure = await callError((response) => refuse(response, status, error));
    expect(failure).toMatchObject({ code, billing: "free", retryAfterMs: null });
    expect(failure.message).toBe(`The provider answered ${status}: ${error.message ?? "no"}`);
    expect(failure.cause).toMatchObject({ status });
  });
});

describe("an image that is too large", () => {
  const details = {
    error_code: "image_dimensions_too_large",
    max_side_length_pixels: 8000,
    paths: ["messages.0.content.1", "messages.2.content.0.content.0"],
  };
  const refused = (said: object): Answer => {
    const error = { type: "invalid_request_error", message: "too large", details: said };
    return (response) =>
      response
        .writeHead(400, { "content-type": "application/json" })
        .end(JSON.stringify({ type: "error", error }));
  };

  test("is named, with how small is small enough, and is free", async () => {
    const failure = await callError(refused(details));
    expect(failure).toMatchObject({ code: "IMAGE_TOO_LARGE", billing: "free" });
    expect(failure.message).toBe(
      "The provider answered 400: too large (at most 8000 pixels a side: messages.0.content.1, messages.2.content.0.content.0)",
    );
  });

  test("is known by its code alone, too", async () => {
    const failure = await callError(refused({ error_code: details.error_code }));
    expect(failure.code).toBe("IMAGE_TOO_LARGE");
    expect(failure.message).toBe("The provider answered 400: too large");
  });
});

describe("when to come again", () => {
  const rateLimited = (headers: Record<string, string>) => async (): Promise<number | null> =>
    (await callError((response) => refuse(response, 429, { type: "rate_limit_error", headers })))
      .retryAfterMs;

  test.each<[string, Record<string, string>, number | null]>([
    ["in seconds", { "retry-after": "7" }, 7000],
    ["in parts of a second", { "retry-after": "0.5" }, 500],
    [
      "in milliseconds, which are more exact",
      { "retry-after-ms": "1250", "retry-after": "2" },
      1250,
    ],
    ["at once", { "retry-after": "0" }, null],
    ["in the past", { "retry-after": new Date(0).toUTCString() }, null],
    ["in words", { "retry-after": "soon" }, null],
    ["negative", { "retry-after": "-3" }, null],
    ["milliseconds that are none", { "retry-after-ms": "x", "retry-after": "2" }, 2000],
    ["not at all", {}, null],
  ])("said %s", async (_, headers, retryAfterMs) => {
    expect(await rateLimited(headers)()).toBe(retryAfterMs);
  });

  test("said as a date", async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const waitMs = await rateLimited({ "retry-after": at })();
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  test("counts for an overload too, and for nothing that a retry can't help", async () => {
    const headers = { "retry-after": "7" };
    const overloaded = { type: "overloaded_error", headers };
    expect((await callError((r) => refuse(r, 529, overloaded))).retryAfterMs).toBe(7000);
    await provider?.stop();
    const rejected = { type: "invalid_request_error", headers };
    expect((await callError((r) => refuse(r, 400, rejected))).retryAfterMs).toBeNull();
  });
});

describe("an answer of something before the API", () => {
  const page = (status: number): Answer => {
    return (response) =>
      response.writeHead(status, { "content-type": "text/html" }).end("<h1>sorry</h1>");
  };

  test.each([500, 502, 503, 504, 520])(
    "a %d page does not say what the API did before a reply began, so its prompt may have cost money",
    async (status) => {
      expect(await callError(page(status))).toMatchObject({
        code: "PROVIDER_UNAVAILABLE",
        billing: "prompt",
      });
    },
  );

  test("so it is with a gateway that gave up waiting", async () => {
    expect(await callError(page(408))).toMatchObject({
      code: "PROVIDER_UNAVAILABLE",
      billing: "prompt",
    });
  });

  test("so it is with an error that is written in another shape than the API's", async () => {
    const failure = await callError((response) =>
      response
        .writeHead(503, { "content-type": "application/json" })
        .end('{"error":{"type":"server_error","message":"upstream is away"}}'),
    );
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", billing: "prompt" });
    expect(failure.message).toBe("The provider answered 503: upstream is away");
  });

  test("what it says is told as words", async () => {
    const failure = await callError(page(502));
    expect(failure.message).toBe("The provider answered 502: sorry");
  });

  test("a 501 says that nobody took the call, and comes again", async () => {
    expect(await callError(page(501))).toMatchObject({
      code: "PROVIDER_REJECTED",
      billing: "free",
    });
  });

  test("a 413 page never let the request through", async () => {
    expect(await callError(page(413))).toMatchObject({
      code: "PROVIDER_REJECTED",
      billing: "free",
    });
  });

  test("a page with status 200 is no reply", async () => {
    expect(await callError(page(200))).toMatchObject({
      code: "PROVIDER_REJECTED",
      billing: "prompt",
    });
  });
});

describe("the network", () => {
  test("a refused connection was never sent and costs nothing", async () => {
    const gone = await startScriptedProvider(() => undefined);
    await gone.stop();
    const failure = await failureOf(aModel(gone.url).call(aRequest(), DEAF, NEVER));
    expect(failure).toMatchObject({ code: "PROVIDER_UNREACHABLE", billing: "unsent" });
    expect(failure.message).toContain("ECONNREFUSED");
  });

  test("a name that does not resolve was never sent", async () => {
    const failure = await failureOf(aModel("http://nowhere.invalid").call(aRequest(), DEAF, NEVER));
    expect(failure).toMatchObject({ code: "PROVIDER_UNREACHABLE", billing: "unsent" });
  });

  test("a connection reset before any header may have cost money", async () => {
    expect(await callError((response) => response.socket?.resetAndDestroy())).toMatchObject({
      code: "PROVIDER_UNREACHABLE",
      billing: "unknown",
    });
  });

  test.each<[string, string]>([
    ["after its headers", ""],
    ["in the middle of the text", START + textBlock(0, "half an ans").slice(0, -40)],
    ["in the middle of an event", START + textBlock(0, "x") + END.slice(0, 50)],
  ])("a stream reset %s may have cost money", async (_, bytes) => {
    const failure = await callError((response) => {
      openStream(response).write(bytes || ":\n\n", () => response.socket?.resetAndDestroy());
    });
    expect(failure).toMatchObject({ code: "PROVIDER_STREAM_CUT", billing: "unknown" });
  });

  test.each<[string, string]>([
    [
      "before message_stop",
      START + textBlock(0, "42") + END.slice(0, END.indexOf("event: message_stop")),
    ],
    ["before its first event", ""],
  ])("a stream that ends %s is no reply, however politely it ends", async (_, bytes) => {
    const failure = await callError((response) => openStream(response).end(bytes));
    expect(failure).toMatchObject({ code: "PROVIDER_STREAM_CUT", billing: "unknown" });
    expect(failure.message).toContain("message_stop");
  });
});

describe("an error in the middle of a stream", () => {
  test.each<[string, string]>([
    ["overloaded_error", "PROVIDER_OVERLOADED"],
    ["rate_limit_error", "PROVIDER_RATE_LIMITED"],
    ["api_error", "PROVIDER_UNAVAILABLE"],
    ["timeout_error", "PROVIDER_UNAVAILABLE"],
    ["a_new_error", "PROVIDER_UNAVAILABLE"],
    ["invalid_request_error", "PROVIDER_REJECTED"],
    ["authentication_error", "PROVIDER_AUTH"],
    ["permission_error", "PROVIDER_AUTH"],
  ])("%s is %s, and part of a reply may have been billed", async (type, code) => {
    const error = sse({ type: "error", error: { type, message: "Oh no" } });
    const begun = START + textBlock(0, "Half");
    const failure = await callError((response) => openStream(response).end(begun + error));
    expect(failure).toMatchObject({ code, billing: "unknown" });
    expect(failure.message).toBe("The provider broke off its reply: Oh no");
  });

  test("one that is no JSON is the provider's word all the same", async () => {
    const failure = await callError((response) =>
      openStream(response).end(`${START}event: error\ndata: upstream went away\n\n`),
    );
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", billing: "prompt" });
    expect(failure.message).toBe("The provider broke off its reply: upstream went away");
  });
});

describe("a stream that makes no sense", () => {
  test.each<[string, string]>([
    ["an event that is no JSON", `${START}event: content_block_start\ndata: {"type":\n\n`],
    ["an event that is no object", `${START}event: message_delta\ndata: null\n\n`],
    ["a block out of turn", START + textBlock(3, "x")],
    ["a start without a message", sse({ type: "message_start" })],
    ["no usage", sse({ type: "message_start", message: { model: "m" } }) + END],
  ])("%s is told apart from a cut one", async (_, bytes) => {
    const failure = await callError((response) => openStream(response).end(bytes));
    expect(failure).toMatchObject({ code: "PROVIDER_STREAM_INVALID", billing: "unknown" });
  });
});

test("an error that was mapped before stays what it is", () => {
  const known = new ModelCallError("PROVIDER_TIMEOUT", "slow", { billing: "unknown" });
  expect(toModelCallError(known, "stream")).toBe(known);
});

test("whatever else is thrown is reported too, and taken as the worst case", () => {
  expect(toModelCallError("odd", "sent")).toMatchObject({
    code: "PROVIDER_UNREACHABLE",
    billing: "unknown",
    message: "No answer from the provider: odd",
  });
});
