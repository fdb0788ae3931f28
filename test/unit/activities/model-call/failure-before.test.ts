// Case 29: the same words in the same place are not bought again and again; an accident that only looks alike is.

import { expect, test } from "@jest/globals";
import { makeCall } from "../../../../activities/model-call/call-model.ts";
import { failureBefore } from "../../../../activities/model-call/failure-before.ts";
import type { ErrorCode } from "../../../../src/domain/errors.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import { ModelCallError } from "../../../../src/model/model.ts";
import { openCallScene } from "../../../support/call-scene.ts";

const said = (message: string, blocks = 1, code: ErrorCode = "PROVIDER_STREAM_INVALID") =>
  new ModelCallError(code, message, {
    billing: "unknown",
    isSaid: true,
    progress: { model: "m", counted: { ...NO_USAGE, inputTokens: 12 }, blocks },
  });

/** How many of these failures a call meets before it ends, each attempt hearing what the last one said. */
async function attemptsAt(failures: readonly ModelCallError[]): Promise<number> {
  let before: unknown = null;
  for (const [n, provider] of failures.entries()) {
    const at = openCallScene({ provider }).attempt(1);
    const heartbeat = (details: unknown): void =>
      void (before = JSON.parse(JSON.stringify(details)));
    const attempt = { ...at.attempt, before, heartbeat };
    const end: unknown = await makeCall({ ...at, attempt }).catch((error: unknown) => error);
    if (end instanceof Error && "nonRetryable" in end && end.nonRetryable === true) return n + 1;
  }
  return Infinity;
}

test("the same words in the same place end the call at the second time", async () => {
  expect(await attemptsAt(Array.from({ length: 5 }, () => said("no format")))).toBe(2);
});

test("also where ids and times in them differ", async () => {
  const failures = [1, 2, 3].map((n) => said(`request req_0${n} failed at 12:00:0${n}: no format`));
  expect(await attemptsAt(failures)).toBe(2);
});

test("an outage, which may pass in between, at the third", async () => {
  const failures = Array.from({ length: 5 }, () => said("error", 0, "PROVIDER_UNAVAILABLE"));
  expect(await attemptsAt(failures)).toBe(3);
});

test.each<[string, readonly ModelCallError[]]>([
  ["other words", [said("no format"), said("no grammar"), said("no format")]],
  ["another place", [said("no format", 1), said("no format", 2), said("no format", 1)]],
  [
    "an accident on the way",
    Array.from(
      { length: 5 },
      () => new ModelCallError("PROVIDER_STREAM_CUT", "cut", { billing: "unknown" }),
    ),
  ],
  [
    "a refusal for load",
    Array.from(
      { length: 5 },
      () => new ModelCallError("PROVIDER_OVERLOADED", "529", { billing: "free" }),
    ),
  ],
])("%s is tried again", async (_, failures) => {
  expect(await attemptsAt(failures)).toBe(Infinity);
});

test("an error that comes again whatever its code says ends the call at once", async () => {
  const tls = new ModelCallError("PROVIDER_UNREACHABLE", "TLS", {
    billing: "unsent",
    isFinal: true,
  });
  expect(await attemptsAt([tls, tls])).toBe(1);
});

test.each([
  null,
  7,
  "x",
  {},
  { code: "NO_SUCH", message: "m", mark: "m", times: 1 },
  { code: "CONFIG" },
])("details that are none of ours say nothing: %j", (details) => {
  expect(failureBefore(details)).toBeNull();
});
