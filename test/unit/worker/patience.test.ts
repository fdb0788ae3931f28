import { expect, test } from "@jest/globals";
import { PawlError } from "../../../src/domain/errors.ts";
import type { TelemetryEvent } from "../../../src/telemetry/event.ts";
import { patiently } from "../../../src/worker/patience.ts";
import { SILENT } from "../../support/calls.ts";

test("what a worker waits for at its start is said once, and again where it is something else", async () => {
  const told: TelemetryEvent[] = [];
  const away = (what: string): PawlError => new PawlError("LEDGER_UNAVAILABLE", what);
  const answers = [away("Postgres"), away("Postgres"), away("Temporal"), null];
  const answer = await patiently({ ...SILENT, emit: (event) => told.push(event) }, async () => {
    const error = answers.shift() ?? null;
    if (error !== null) throw error;
    return "there";
  });
  expect(answer).toBe("there");
  expect(told).toMatchObject([{ message: "Postgres" }, { message: "Temporal" }]);
});

test("what waiting can't mend is not waited for", async () => {
  const broken = new TypeError("a defect");
  await expect(patiently(SILENT, () => Promise.reject(broken))).rejects.toBe(broken);
});

test("a worker that waits, and is told to end, does not wait for the end of its patience", async () => {
  const away = new PawlError("BACKEND_UNREACHABLE", "Postgres");
  const startedAtMs = Date.now();
  let looks = 0;
  const waiting = patiently(SILENT, async () => {
    looks += 1;
    // As the signal is delivered, without ending the tests.
    if (looks === 3) process.emit("SIGTERM");
    throw away;
  });
  await expect(waiting).rejects.toBe(away);
  expect(Date.now() - startedAtMs).toBeLessThan(5000);
});
