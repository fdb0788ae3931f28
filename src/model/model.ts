// The port to a provider of model replies. `callModel` knows only this; anthropic.ts is the one
// implementation, and the offline model is reached through it like the real API.

import type { ErrorCode } from "../domain/errors.ts";
import type { Message } from "../domain/message.ts";
import type { RateLimits } from "../domain/rate-limits.ts";
import type { ServerTool, ToolSpec } from "../domain/tool.ts";
import type { Usage } from "../domain/usage.ts";

export interface ModelRequest {
  readonly runId: string;
  readonly model: string;
  readonly instructions: string;
  readonly tools: readonly ToolSpec[];
  readonly serverTools: readonly ServerTool[];
  readonly messages: readonly Message[];
  readonly replyTokensMax: number;
  /** The tools stay in the request, as thinking is bound to them, but none can be called. */
  readonly toolsOff?: boolean;
  /** How long the provider shall keep the prompt in its cache; five minutes where nothing is said. */
  readonly cacheTtl?: "1h";
  /** The message that is this model's own last reply, where others have spoken since. */
  readonly ownReplyAt?: number;
  /** The reply is JSON by this schema, written without thinking. */
  readonly verdict?: Readonly<Record<string, unknown>>;
  /** Opaque; names no person. */
  readonly userId: string;
  /** How long the first event may take, where that is not the same for every prompt. */
  readonly firstByteMs?: number;
}

export interface ModelReply {
  /** As the model wrote it, thinking included; goes back to it unchanged. */
  readonly message: Message;
  /** The model that answered, which may be another than the one asked. */
  readonly model: string;
  readonly stopReason: string;
  readonly refusalCategory?: string;
  readonly usage: Usage;
  /** Tool calls whose streamed arguments were no JSON object; their input is `{}` in `message`. */
  readonly invalidCalls: readonly string[];
  /** What the provider told in two ways. */
  readonly contradictions?: readonly string[];
  readonly requestId: string | null;
}

export interface ReplyListener {
  /**
   * The attempt is alive; called at least once a second while bytes arrive. `writing`: the arguments of a call,
   * which are heard of only once the reply is whole.
   */
  alive(usageSoFar: Usage, writing: ArgumentsSoFar | null): void;
  /** Visible text, in order; `offset` counts UTF-16 units of the reply's text before this piece. */
  text(piece: string, offset: number): void;
  /** Once, before all else, where the provider says what is left of its limits. */
  limits?(seen: RateLimits): void;
}

export interface ArgumentsSoFar {
  readonly tool: string;
  readonly chars: number;
  /** Of all calls of the reply. */
  readonly charsOfAll: number;
}

/** What is worth keeping of a reply that was stopped. Its content may be empty. */
export interface ReplyHeard {
  /** May be sent back to the model: closed thinking and text so far, and no call of a tool. */
  readonly message: Message;
  readonly model: string;
  /** What the provider had counted by then: the prompt, but not all of the output. */
  readonly usage: Usage;
  readonly requestId: string | null;
}

/**
 * Contract: one call is one HTTP request at most; no retries inside. Resolves only with a complete
 * reply. Rejects with ModelCallError, or with CallAborted once the signal is aborted. A reply that was
 * complete by then is a reply.
 */
export interface Model {
  call(request: ModelRequest, listener: ReplyListener, signal: AbortSignal): Promise<ModelReply>;
  /** Free of charge: rejects with ModelCallError where nothing like the provider answers. */
  ping(model: string, signal: AbortSignal): Promise<void>;
  /** Free of charge; the provider's estimate of the prompt's tokens. Null where it counts none for anybody. */
  countTokens(request: ModelRequest, signal: AbortSignal): Promise<number | null>;
  /** Bytes of the prompt as it goes over the wire: no token is shorter than a byte. */
  promptBytes(request: ModelRequest): number;
}

/** The caller gave the call up; `cause` is the signal's reason. */
export class CallAborted extends Error {
  readonly heard: ReplyHeard | null;
  /** False where the request never left this machine. */
  readonly wasSent: boolean;

  constructor(signal: AbortSignal, heard: ReplyHeard | null, wasSent = true) {
    super("the call was given up", { cause: signal.reason });
    this.name = "CallAborted";
    this.heard = heard;
    this.wasSent = wasSent;
  }
}

/**
 * What the provider may charge for a failed attempt, by how far it got. `unsent`: the request never left.
 * `free`: it was not taken. `prompt`: no reply had begun, so at most the prompt was read. `unknown`: beyond what
 * was counted so far the worst case.
 */
export type Billing = "unsent" | "free" | "prompt" | "unknown";

/** What had come of a reply when it broke off. */
export interface Progress {
  /** Who answers. */
  readonly model: string;
  readonly counted: Usage;
  readonly blocks: number;
}

interface Details {
  readonly billing: Billing;
  readonly retryAfterMs?: number | null;
  readonly limits?: RateLimits | null;
  readonly isFinal?: boolean;
  readonly isSaid?: boolean;
  readonly progress?: Progress | null;
  readonly contextTokens?: number | null;
  readonly cause?: unknown;
}

export class ModelCallError extends Error {
  readonly code: ErrorCode;
  readonly billing: Billing;
  /** The provider's word on when to come again. */
  readonly retryAfterMs: number | null;
  /** What the provider said of its limits with a refusal. */
  readonly limits: RateLimits | null;
  /** The same request fails again, whatever the catalogue says of its code. */
  readonly isFinal: boolean;
  /** What the reply itself said or was, and no accident on its way: twice the same is no chance. */
  readonly isSaid: boolean;
  /** Null where no stream had begun. */
  readonly progress: Progress | null;
  /** Of a prompt that is too long: what the server says that it can hold. */
  readonly contextTokens: number | null;

  constructor(code: ErrorCode, message: string, details: Details) {
    super(message, { cause: details.cause });
    this.name = "ModelCallError";
    this.code = code;
    this.billing = details.billing;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.limits = details.limits ?? null;
    this.isFinal = details.isFinal ?? false;
    this.isSaid = details.isSaid ?? false;
    this.progress = details.progress ?? null;
    this.contextTokens = details.contextTokens ?? null;
  }

  get mayCost(): boolean {
    return this.billing === "prompt" || this.billing === "unknown";
  }

  /** The same error, with what is known of where it happened. */
  with(known: Partial<Pick<Details, "billing" | "progress">>): ModelCallError {
    const { code, message, billing, retryAfterMs, limits, isFinal, isSaid, progress, cause } = this;
    const { contextTokens } = this;
    const details = {
      billing,
      retryAfterMs,
      limits,
      isFinal,
      isSaid,
      progress,
      contextTokens,
      cause,
    };
    return new ModelCallError(code, message, { ...details, ...known });
  }
}
