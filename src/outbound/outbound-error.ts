// Why a guarded request was not made, or its answer not taken. The message is fit for a model and for people: it
// names what was asked for, and never what lies behind a name.

export type OutboundReason =
  /** The address itself: its scheme, port, user, host. */
  | "url"
  /** Not among the allowed domains, or among the blocked. */
  | "domain"
  /** It leads to a machine that is not public. */
  | "inner"
  /** Nobody knows the name, or nobody answers there. */
  | "unreachable"
  /** To more places than are followed, or from https to http. */
  | "redirect"
  /** No answer of HTTP that can be read. */
  | "answer"
  /** Longer than may be read; what came before it is good. */
  | "size"
  | "time";

export class OutboundError extends Error {
  readonly reason: OutboundReason;

  constructor(reason: OutboundReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OutboundError";
    this.reason = reason;
  }
}
