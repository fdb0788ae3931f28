// The port behind which both ways of a call to the provider lie: a stream now, or a batch that is looked for
// later. Before it both are one pipeline, and behind it as well.

import type { Look, Ticket, Unserved } from "../../src/domain/call.ts";
import type { CallAborted, ModelReply } from "../../src/model/model.ts";
import type { Held } from "../../src/store/ledger.ts";
import type { CallAttempt, PreparedCall } from "./call-attempt.ts";
import type { LetOut } from "./gate-listener.ts";

export interface HeldCall extends PreparedCall {
  readonly held: Held;
  /** Null in a lane that has no gate. */
  readonly letOut: LetOut | null;
}

export type Sent =
  | { readonly kind: "replied"; readonly reply: ModelReply }
  /** The run stopped it before there was any word of it. */
  | { readonly kind: "unheard"; readonly aborted: CallAborted }
  | Ticket;

export interface CallLane {
  /** The gate keeps the limits of live calls; a provider's batches have limits of their own. */
  readonly hasGate: boolean;
  /**
   * Rejects with ModelCallError or CallAborted where the attempt came to its end, and with anything else
   * where nobody knows: a live call is then lost, and one in the batch lane is looked for.
   */
  send(held: HeldCall): Promise<Sent>;
}

export type Found =
  | { readonly kind: "replied"; readonly reply: ModelReply; readonly repliedAt: string }
  | { readonly kind: "pending"; readonly message: string }
  /** The provider says itself that it gave no reply, so it is free. */
  | { readonly kind: "free"; readonly code: Unserved["code"]; readonly message: string }
  | { readonly kind: "lost"; readonly message: string };

export interface TicketLane extends CallLane {
  /** `providerBatchId`: by the ticket, or as it was found out since. */
  look(at: CallAttempt, sought: Sought): Promise<Found>;
}

export type Sought = Omit<Look, "call"> & { readonly providerBatchId: string | null };
