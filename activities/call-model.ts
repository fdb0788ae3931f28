// One model call, at least once. The order is what keeps the money right:
//   M1. A reply that was journaled is adopted, never bought again.
//   M2. The worst case is held before the request leaves; no ledger, no call.
//   M3. Reply and settlement are written in one transaction, before the workflow hears of either.
//   M4. An attempt that fails is charged in full, unless it provably cost nothing.
//   M5. A reply that was stopped keeps its text and costs its whole hold.

import { createHash } from "node:crypto";
import { lastReplyOf, readableBy } from "../src/domain/authors.ts";
import { dayOf } from "../src/domain/budget.ts";
import { isPawlError } from "../src/domain/errors.ts";
import type { CallModelInput, CallModelResult, Denial, Reply } from "../src/domain/run.ts";
import type { ModelRequest } from "../src/model/model.ts";
import type { AttemptRequest, AttemptStart } from "../src/store/ledger.ts";
import { accountsOf } from "./accounts.ts";
import { askedOfLedger } from "./asked-of-ledger.ts";
import { aborted, failure, holdIdOf, keepBeating, thisAttempt, type Attempt } from "./attempt.ts";
import { buyReply, type Held, type Purchase } from "./buy-reply.ts";
import { askGate, standBack, waitOut } from "./capacity.ts";
import { asClassifier } from "./classifier.ts";
import { loadConversation, type Conversation } from "./conversation.ts";
import type { ActivityDeps } from "./deps.ts";
import { heardByGate } from "./gate-listener.ts";
import { handOn } from "./hand-on.ts";
import { whileStoreIsAway } from "./patience.ts";
import { roomFor, type Room } from "./reply-room.ts";

/** How long an attempt waits for the holds of other runs to be settled before it gives way. */
const CAPACITY_PATIENCE_MS = 5000;
const CAPACITY_POLL_MS = 150;

/** No ledger, no call; but a restart of Postgres costs no retry. */
const STORE_PATIENCE_MS = 60_000;

export const patience = ({ signal }: Attempt) => ({ signal, forMs: STORE_PATIENCE_MS });

export function createCallModel(deps: ActivityDeps) {
  return async function callModel(input: CallModelInput): Promise<CallModelResult> {
    const attempt = thisAttempt();
    const beating = keepBeating(attempt, deps.config.timers.heartbeatTimeoutMs);
    try {
      logWarnings(deps, attempt, input);
      logChange(deps, attempt, input);
      const conversation = await whileStoreIsAway(
        () => loadConversation(deps.transcripts, attempt.runId, input),
        patience(attempt),
      );
      const asked = requestOf(attempt.runId, input, conversation);
      const request =
        input.purpose === "route" ? asClassifier(asked, conversation.snapshot) : asked;
      const room = await roomFor(deps.model, request, {
        input,
        conversation,
        signal: attempt.signal,
      });
      if ("kind" in room) return room;
      const { promptTokensMax } = room;
      const purchase = { attempt, input, conversation, request, promptTokensMax };
      if (attempt.signal.aborted) throw aborted(attempt.signal);
      const start = await startWithPatience(attempt, () => startAttempt(deps, purchase, room));
      switch (start.kind) {
        case "journaled":
          return adopted(start);
        case "denied":
          return "account" in start ? denial(start) : start;
        case "held":
          return await buyWhenTaken(deps, purchase, start);
      }
    } catch (error) {
      if (attempt.signal.aborted && error === attempt.signal.reason) throw aborted(attempt.signal);
      if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
      throw error;
    } finally {
      beating.stop();
    }
  };
}

/** Behind the ledger, so that a journaled reply comes home whatever the provider is doing. */
async function buyWhenTaken(
  deps: ActivityDeps,
  purchase: Purchase,
  held: Held,
): Promise<CallModelResult> {
  const { ask, answer } = await askGate(deps, purchase);
  if (answer.kind === "wait") {
    const { crashTaxMicroUsd } = held;
    return await standBack(deps, purchase, { wait: answer, crashTaxMicroUsd });
  }
  try {
    const model = heardByGate(deps, { ask, pass: answer });
    return await buyReply({ ...deps, model }, purchase, held);
  } catch (error) {
    const end =
      waitOut(error, deps, purchase, held.crashTaxMicroUsd) ?? handOn(error, deps, purchase, held);
    if (end === null) throw error;
    return end;
  }
}

/** Holds of other runs are gone in seconds; it is not worth a turn of the workflow to wait for them. */
export async function startWithPatience<
  Start extends AttemptStart | Denial | { kind: "submitted" },
>(attempt: Attempt, ask: () => Promise<Start>): Promise<Start> {
  const deadline = Date.now() + CAPACITY_PATIENCE_MS;
  while (true) {
    const start = await whileStoreIsAway(ask, patience(attempt));
    const worthWaiting = start.kind === "denied" && start.temporary && Date.now() < deadline;
    if (!worthWaiting || attempt.signal.aborted) return start;
    await new Promise((resolve) => setTimeout(resolve, CAPACITY_POLL_MS * (0.5 + Math.random())));
  }
}

async function startAttempt(
  { ledger, config }: ActivityDeps,
  purchase: Purchase,
  room: Room,
): Promise<AttemptStart | Denial> {
  const asked = attemptRequest(config, purchase, { room, inBatch: false });
  return "kind" in asked ? asked : await ledger.startAttempt(asked);
}

interface Wanted {
  readonly room: Room;
  readonly inBatch: boolean;
}

export function attemptRequest(
  config: ActivityDeps["config"],
  { attempt, input, request }: Purchase,
  { room, inBatch }: Wanted,
): AttemptRequest | Denial {
  const now = new Date();
  const accounts = accountsOf(attempt.runId, input, config.caps, now);
  const asked = askedOfLedger({ input, request, now, inBatch }, room, accounts);
  if ("kind" in asked) return asked;
  return {
    holdId: holdIdOf(attempt),
    callKey: attempt.callKey,
    runId: attempt.runId,
    tenant: input.tenant,
    session: input.session,
    agent: input.agent,
    day: dayOf(now),
    turn: input.turn,
    attempt: attempt.attempt,
    model: request.model,
    accounts,
    ...asked,
    deadAfterMs: config.timers.callTimeoutMs + 2 * config.timers.heartbeatTimeoutMs + 60_000,
  };
}

export function requestOf(
  runId: string,
  { tenant, wrapUp, compaction, cacheTtl, course }: CallModelInput,
  { snapshot, messages }: Conversation,
): ModelRequest {
  const { instructions, tools, serverTools, limits } = snapshot;
  const model = course?.model ?? snapshot.model;
  const authors = course?.authors ?? [];
  const ownReplyAt = lastReplyOf(model, messages, authors);
  return {
    runId,
    model,
    instructions,
    tools,
    serverTools,
    messages: readableBy(model, messages, authors),
    ...(ownReplyAt === null ? {} : { ownReplyAt }),
    replyTokensMax: limits.replyTokens,
    ...(wrapUp === "due" || compaction === "again" ? { toolsOff: true } : {}),
    ...(cacheTtl === undefined ? {} : { cacheTtl }),
    userId: createHash("sha256").update(`pawl tenant ${tenant}`).digest("hex").slice(0, 32),
  };
}

type Journaled = Omit<Extract<AttemptStart, { kind: "journaled" }>, "kind">;

/** The charges for attempts that died after the reply was journaled are newer than the journal. */
export function adopted({ reply, crashTaxMicroUsd, attempts }: Journaled): Reply {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- journaled by buyReply
  const result = JSON.parse(reply) as Reply;
  return { ...result, crashTaxMicroUsd, attempts };
}

export function denial(denied: Extract<AttemptStart, { kind: "denied" }>): Denial {
  const { limit, account, askedMicroUsd, leftMicroUsd, capMicroUsd, resetsAt } = denied;
  const left = `${leftMicroUsd} of ${capMicroUsd} micro-USD are left`;
  const reset = resetsAt === null ? "" : `; it resets at ${resetsAt}`;
  return {
    kind: "denied",
    limit,
    message: `the next call may cost ${askedMicroUsd} micro-USD and ${account} can't pay it: ${left}${reset}`,
    temporary: denied.temporary,
    resetsAt,
    crashTaxMicroUsd: denied.crashTaxMicroUsd,
  };
}

export function logWarnings({ log }: ActivityDeps, attempt: Attempt, input: CallModelInput): void {
  for (const { limit, used, cap } of input.warnings) {
    log.warn(
      {
        event: "budget_warning",
        runId: attempt.runId,
        tenant: input.tenant,
        agent: input.agent,
        turn: input.turn,
        limit,
        used,
        cap,
      },
      `80 % of the ${limit} budget is used`,
    );
  }
}

export function logChange({ log }: ActivityDeps, { runId }: Attempt, input: CallModelInput): void {
  const { course, tenant, agent, turn } = input;
  if (course?.change === undefined) return;
  const { from, reason, message } = course.change;
  const { model } = course;
  log.info({ event: "model_changed", runId, tenant, agent, turn, model, from, reason }, message);
}
