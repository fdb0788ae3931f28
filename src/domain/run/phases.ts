// Where a run stands: which phase follows from a fact.

import type { ModelCall, Reply, Unserved } from "../call.ts";
import { isAside } from "../purpose.ts";
import { areAnswered, callsWith, settledCalls } from "./calls.ts";
import type { RunFact } from "./facts.ts";
import { isHandedOn } from "./handed-on.ts";
import { isInterrupted, canBeStopped, stoppedIt } from "./interrupts.ts";
import { isNews, newlyHeard } from "./mail.ts";
import { awayReason, isUnfit } from "./models.ts";
import { fateOfCalls } from "./reply-calls.ts";
import type { Asking, InLane, Memory, Phase, RunState, Since, Stopping, Wait } from "./state.ts";
import { makesRoom, whyNoSummary } from "./summary.ts";
import { isParked } from "./waits.ts";

/** A batch of which nobody knows whether it was made has cost its hold; it is not tried for ever. */
const SUBMISSIONS_MAX = 3;

export function foldPhase(phase: Phase, fact: RunFact, before: RunState): Phase {
  switch (fact.kind) {
    case "opened":
      return phase.kind === "opening" ? ready({ kind: "start" }) : phase;
    case "asked":
      return asking(fact.call, before);
    case "compensationBegan":
      return { kind: "compensating", outcome: fact.outcome, callId: fact.callId };
    case "compensated":
      return phase.kind === "compensating" ? { ...phase, callId: null } : phase;
    case "closing":
      return { kind: "closing", outcome: fact.outcome, durationMs: fact.durationMs };
    case "closed":
      return closed(phase, fact.ledger, before);
    case "said":
      return spokenTo(phase, fact, before);
    default:
      return before.memory === null ? unopened(phase, fact) : opened(phase, fact, before);
  }
}

function ready(since: Since): Phase {
  return { kind: "ready", since };
}

function unopened(phase: Phase, fact: RunFact): Phase {
  if (fact.kind !== "failed" || phase.kind !== "opening") return phase;
  const { code, message } = fact;
  return ready({ kind: "failed", code, message, stoppable: false });
}

function opened(phase: Phase, fact: RunFact, before: RunState): Phase {
  switch (phase.kind) {
    case "asking":
      return withResult(phase, fact, before);
    case "inLane":
      return inLane(phase, fact, before);
    case "answering": {
      const calls = callsWith(before, fact);
      if (calls === null) return phase;
      return areAnswered(calls) ? ready({ kind: "answered" }) : { ...phase, calls };
    }
    case "ready":
      return { kind: "ready", since: waited(phase.since, fact) };
    case "stopping":
      return { ...phase, ...stopping(phase, fact) };
    default:
      return phase;
  }
}

function asking(call: ModelCall, before: RunState): Phase {
  const { phase, mail } = before;
  // A rebuilt transcript: the same call once more.
  if (phase.kind === "asking") return { ...phase, call };
  const unheard = mail.unread.length - newlyHeard(call.entries, before);
  return { kind: "asking", call, unheard, tries: triesBefore(phase) };
}

function triesBefore(phase: Phase): number {
  if (phase.kind === "stopping") return phase.waited;
  return phase.kind === "ready" && phase.since.kind === "unserved" ? phase.since.tries : 0;
}

function closed(
  phase: Phase,
  ledger: Extract<Phase, { kind: "closed" }>["ledger"],
  { mail }: RunState,
): Phase {
  if (phase.kind !== "closing") return phase;
  const { outcome, durationMs } = phase;
  // Said while the books were closed; they can be closed again.
  if (outcome.kind === "answered" && mail.unread.length > 0) return ready({ kind: "start" });
  return { kind: "closed", outcome, durationMs, ledger };
}

function spokenTo(phase: Phase, fact: Extract<RunFact, { kind: "said" }>, before: RunState): Phase {
  if (stoppedIt(before, fact)) return ready({ kind: "lost" });
  const isAnswered = phase.kind === "closed" && phase.outcome.kind === "answered";
  return isAnswered && isNews(before.mail, fact.message) ? ready({ kind: "start" }) : phase;
}

/** What came back of a call. */
function withResult(phase: Asking, fact: RunFact, before: RunState): Phase {
  const { call, tries } = phase;
  switch (fact.kind) {
    case "submitted":
      return {
        ...phase,
        kind: "inLane",
        ticket: fact,
        looks: 0,
        step: "wait",
        leaving: null,
        message: null,
      };
    case "replied":
    case "denied":
    case "interrupted":
    case "failed":
      break;
    default:
      return phase;
  }
  if (call.purpose.kind === "wrap_up") return stopped(phase, call.purpose.stop, fact);
  if (fact.kind === "replied") return withReply(call, fact, before);
  if (isAside(call.purpose)) return ready({ kind: "aside", of: call.purpose.kind });
  if (fact.kind === "interrupted") return ready({ kind: "lost" });
  if (fact.kind === "denied") return ready(deniedAs(call, fact, before));
  if (call.lane === "batch") return ready({ kind: "unserved", tries, live: true });
  const { code, message } = fact;
  // That is no word of a person who interrupts, be it told before or after.
  if (isUnfit(call, code)) return ready({ kind: "unfit", code, message });
  if (isInterrupted(before)) return ready({ kind: "lost" });
  return ready({ kind: "failed", code, message, stoppable: canBeStopped(before) });
}

type End = Extract<RunFact, { kind: "replied" | "denied" | "interrupted" | "failed" }>;

function stopped({ tries }: Asking, stop: Stopping["stop"], fact: End): Stopping {
  const isInLine = fact.kind === "denied" && fact.why === "in_line";
  const last = isInLine ? ({ kind: "inLine", denial: fact } as const) : ({ kind: "over" } as const);
  return { kind: "stopping", stop, waited: tries, last };
}

function deniedAs(
  call: ModelCall,
  denial: Extract<RunFact, { kind: "denied" }>,
  { memory }: RunState,
): Since {
  const madeRoom = memory !== null && makesRoom(memory, denial, call);
  const elsewhere = !madeRoom && awayReason(call, denial) !== null;
  return { kind: "denied", denial, elsewhere, madeRoom };
}

function withReply(call: ModelCall, reply: Reply, { memory }: RunState): Phase {
  if (memory === null) return ready({ kind: "start" });
  if (isHandedOn(memory, call, reply)) return ready({ kind: "handedOn" });
  const { purpose } = call;
  if (isAside(purpose)) return ready({ kind: "aside", of: purpose.kind });
  switch (purpose.kind) {
    case "summary":
      return ready({
        kind: whyNoSummary(memory.summaries, reply) === null ? "summed" : "unsummed",
      });
    case "wrap_up":
      return { kind: "stopping", stop: purpose.stop, waited: 0, last: { kind: "over" } };
    case "work":
      return worked(memory, call, reply);
  }
}

function worked(memory: Memory, { turn }: ModelCall, reply: Reply): Phase {
  const { stopReason, refusalCategory: category = null } = reply;
  if (fateOfCalls(reply) !== "due") {
    return ready({ kind: "replied", stopReason, category });
  }
  const calls = settledCalls(memory, reply);
  if (areAnswered(calls)) return ready({ kind: "answered" });
  return { kind: "answering", ref: reply.ref, turn, calls };
}

function inLane(phase: InLane, fact: RunFact, before: RunState): Phase {
  switch (fact.kind) {
    case "waited":
      return phase.step === "wait" ? { ...phase, step: "look" } : phase;
    case "looks":
      return {
        ...phase,
        step: "looking",
        looks: phase.looks + 1,
        leaving: fact.giveUp ? leavingOf(before) : null,
      };
    case "pending":
      return { ...phase, step: "wait", message: fact.message };
    case "unserved":
      return ready(unservedAs(phase, fact));
    case "replied":
      return withReply(phase.call, fact, before);
    case "failed": {
      const { code, message } = fact;
      return ready({ kind: "failed", code, message, stoppable: false });
    }
    default:
      return phase;
  }
}

function leavingOf(before: RunState): InLane["leaving"] {
  if (before.calledOff !== null) return "calledOff";
  return isInterrupted(before) ? "interrupted" : "late";
}

function unservedAs({ call, tries, leaving }: InLane, { code }: Unserved): Since {
  // A person who interrupts a summary is heard behind it: then it is made live.
  if (leaving === "interrupted" && call.purpose.kind === "work") return { kind: "lost" };
  const more = tries + 1;
  const live = code !== "BATCH_LOST" || leaving !== null || more >= SUBMISSIONS_MAX;
  return { kind: "unserved", tries: more, live };
}

/** What a person has made room for may be over sooner than was thought. */
const LOOKS_AGAIN: readonly Wait["reason"][] = ["budget", "capacity"];

/** A wait is ended by its phase and not by its timer: a signal may have come first, or be folded behind it. */
function waited(since: Since, fact: RunFact): Since {
  if (fact.kind === "waits") return { kind: "waits", wait: fact.wait };
  // One share is given for one wait: who resumes twice has resumed once.
  const isResumed = fact.kind === "resumed";
  if (since.kind === "waited") return isResumed ? { kind: "waited", limit: null } : since;
  if (since.kind !== "waits") return since;
  const { reason, limit } = since.wait;
  const isEnded =
    fact.kind === "waited" ||
    (isResumed && isParked(since.wait)) ||
    (fact.kind === "lookedAgain" && LOOKS_AGAIN.includes(reason));
  return isEnded ? { kind: "waited", limit: isResumed ? null : limit } : since;
}

function stopping({ waited: times, last }: Stopping, fact: RunFact): Partial<Stopping> {
  if (fact.kind === "waits") return { waited: times + 1, last: { kind: "waits", wait: fact.wait } };
  return fact.kind === "waited" && last.kind === "waits" ? { last: { kind: "waited" } } : {};
}
