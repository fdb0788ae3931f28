// A worker that does nothing but book: callers that hold, and settle or lose what they hold. What it was told is
// written down in the file NOTES before it goes on, so that it outlives the process.

import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { openDatabase } from "../../dist/src/store/database.js";
import { createLedger } from "../../dist/src/store/ledger.js";

const { DATABASE_URL, NOTES, NAME, CALLERS, TENANTS } = process.env;
const ledger = createLedger(openDatabase(DATABASE_URL, { timeoutMs: 5000 }));
const note = (...words) => appendFileSync(NOTES, `${words.join(" ")}\n`);

/** The same again until somebody answers: it books nothing twice. */
async function heard(ask) {
  while (true) {
    try {
      return await ask();
    } catch (error) {
      if (error.code !== "LEDGER_UNAVAILABLE") throw error;
      await pause(20);
    }
  }
}

const usage = {
  inputTokens: 7,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 3,
  webSearchRequests: 0,
};

async function call(runId, tenant) {
  const callKey = `${runId}/1`;
  const holdId = `${callKey}/1`;
  const request = {
    holdId,
    callKey,
    runId,
    attempt: 1,
    leaseId: null,
    payer: { tenant, session: `${tenant}-s`, agent: "clerk", shares: [] },
    runCapMicroUsd: 1_000_000,
    lane: "live",
    model: "claude-sonnet-5-5",
    worst: { fixedMicroUsd: 100, replyRate: 1_000_000 },
    replyTokensMin: 10,
    replyTokensMax: 400,
    deadAfterMs: 3_600_000,
  };
  const start = await heard(() => ledger.startAttempt(request));
  if (start.kind !== "held") return note("denied", holdId);
  note("held", holdId);
  const dice = Math.random();
  if (dice < 0.1) {
    const end = await heard(() => ledger.lose(holdId));
    return note(end, holdId);
  }
  const spentMicroUsd = Math.floor(dice * 100);
  const journal = JSON.stringify({ holdId, text: "x".repeat(1000) });
  const settlement = { holdId, callKey, spentMicroUsd, usage, model: request.model, journal };
  const end = await heard(() => ledger.settle({ ...settlement, messages: [], links: [] }));
  note(end.kind, holdId, spentMicroUsd);
}

note("started", NAME);
await Promise.all(
  Array.from({ length: Number(CALLERS) }, async (_, caller) => {
    for (let n = 1; ; n += 1) await call(`${NAME}-${caller}-${n}`, `t${caller % Number(TENANTS)}`);
  }),
);
