// What becomes of a run's model calls, live and in the batch lane, and what the fleet learns of a
// provider from them.

import type { ChangeReason, Estimated, Unserved, WhyDenied } from "../domain/call.ts";
import type { PurposeKind } from "../domain/purpose.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { Warning } from "../domain/limits.ts";
import type { Usage } from "../domain/usage.ts";
import { alert, error, info, warn, type Tellings } from "./telling.ts";

interface AboutCall {
  readonly runId: string;
  readonly tenant: string;
  readonly agent: string;
  readonly turn: number;
}

interface CallFailed extends AboutCall {
  readonly model: string;
  readonly attempt: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** ISO 8601; null where nobody tries again. */
  readonly nextAttemptAt: string | null;
}

interface UsageDisbelieved extends AboutCall {
  readonly model: string;
  /** As it is charged. */
  readonly costMicroUsd: number;
  readonly contradictions: readonly string[];
}

/** Of the circuit and the rate limits that all workers share. */
interface AboutGate {
  readonly key: string;
}

export interface CallEvents {
  model_call: AboutCall &
    Usage & {
      /** Absent where the call is a step of the work itself. */
      readonly purpose?: PurposeKind;
      readonly model: string;
      readonly stopReason: string;
      readonly promptTokens: number;
      /** Why the tokens are not counted, and the hold is charged. */
      readonly estimated?: Estimated;
      readonly costMicroUsd: number;
      readonly crashTaxMicroUsd: number;
      readonly latencyMs: number;
      readonly attempt: number;
      readonly requestId: string | null;
    };
  /**
   * Of what the provider says a reply used: no answer to the request can, and the hold is charged, never more; or it
   * says it in two ways, and the dearer is charged.
   */
  usage_implausible: UsageDisbelieved;
  /** The provider counts no tokens: each call is charged its worst case. Told once a conversation. */
  usage_uncounted: UsageDisbelieved;
  model_retry: CallFailed;
  model_failed: CallFailed;
  /** A person had the reply in flight stopped before anything of it was heard. */
  model_stopped: AboutCall;
  model_changed: AboutCall & {
    readonly model: string;
    readonly from: string;
    readonly reason: ChangeReason;
    readonly message: string;
  };
  budget_warning: AboutCall & Warning;
  /** Temporal takes it for over, and the worker brings its reply home all the same. */
  attempt_given_up: AboutCall & { readonly attempt: number };
  /** An earlier attempt is at work in a worker that lives. */
  attempt_awaited: AboutCall & {
    readonly attempt: number;
    readonly awaited: number;
    readonly leaseEndsInMs: number;
  };
  capacity_wait: AboutCall & {
    readonly why: WhyDenied["why"];
    /** ISO 8601; null where no time is known. */
    readonly nextAttemptAt: string | null;
    readonly message: string;
  };

  batch_submitted: AboutCall & {
    readonly model: string;
    /** Null where it is not known yet whether the batch was made. */
    readonly providerBatchId: string | null;
  };
  batch_unserved: AboutCall & { readonly code: Unserved["code"]; readonly message: string };

  circuit_opened: AboutGate;
  circuit_closed: AboutGate;
  /** Nothing but refusals for a rate limit for minutes. */
  provider_refuses: AboutGate;
  probe_failed: AboutCall & { readonly message: string };
  gate_not_told: AboutGate & { readonly error: unknown };
}

export const CALL_TELLINGS: Tellings<CallEvents> = {
  model_call: () => info("the model replied"),
  usage_implausible: ({ contradictions }) =>
    alert(warn(`the provider's count can't be true: ${contradictions.join("; ")}`)),
  usage_uncounted: () => warn("the provider counts no tokens: costs are worst cases"),
  model_retry: failed,
  model_failed: failed,
  model_stopped: () => info("stopped before its first word"),
  model_changed: ({ message }) => info(message),
  budget_warning: ({ limit }) => warn(`80 % of the ${limit} budget is used`),
  attempt_given_up: () => info("Temporal has given the attempt up; its reply is brought home"),
  attempt_awaited: ({ awaited }) => info(`attempt ${awaited} is at work: its reply is waited for`),
  capacity_wait: ({ message }) => info(message),

  batch_submitted: ({ providerBatchId }) =>
    info(
      providerBatchId === null
        ? "whether the batch was made is not known yet"
        : "the call is in a batch",
    ),
  batch_unserved: ({ message }) => warn(message),

  circuit_opened: () => alert(warn("the provider fails: calls wait but for probes")),
  circuit_closed: () => warn("the provider is back"),
  provider_refuses: () => alert(warn("the provider refuses every call for its rate limit")),
  probe_failed: ({ message }) => info(`a probe that costs nothing failed: ${message}`),
  gate_not_told: () => warn("the gate did not hear of a call"),
};

/** A key that is refused is no trouble that passes. */
function failed({ code, message }: CallFailed) {
  return code === "PROVIDER_AUTH" ? alert(error(message)) : warn(message);
}
