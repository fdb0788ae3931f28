// The buttons that steer a run: pause, resume, more money, cancel.

import { GatewayError, away, type Cancelled } from "./api.ts";
import { Text, Trouble } from "./parts.ts";
import { html, useState, type VNode } from "./vendor/preact.js";

export interface StatusNow {
  readonly status: "running" | "waiting" | "paused" | "ended";
  readonly outcome: string | null;
  /** Paused, or parked at a limit: a person may let it go on. An approval is not such a wait. */
  readonly mayResume: boolean;
  /** It waits for money: more of its own may be what it needs. */
  readonly mayAdd: boolean;
}

export interface Steers {
  readonly steer: (how: "pause" | "resume") => Promise<void>;
  /** `force`: it is ended without a worker where none serves it. */
  readonly cancel: (force: boolean) => Promise<Cancelled>;
  readonly addMoney: (usd: number) => Promise<void>;
}

interface SteeringProps {
  readonly status: StatusNow;
  readonly steers: Steers;
}

export function Steering({ status, steers }: SteeringProps): VNode {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<GatewayError | null>(null);
  const doing = async (work: () => Promise<void>): Promise<void> => {
    setIsBusy(true);
    setError(null);
    try {
      await work();
    } catch (caught) {
      setError(caught instanceof GatewayError ? caught : away(caught));
    }
    setIsBusy(false);
  };
  const steer = (how: "pause" | "resume") => async (): Promise<void> =>
    await doing(() => steers.steer(how));
  return html`<div class="actions" role="group" aria-label="Steer the run">
    <${Trouble} error=${error} />
    ${
      status.status !== "paused" &&
      html`<button type="button" disabled=${isBusy} onClick=${steer("pause")}>Pause</button>`
    }
    ${status.mayResume && html`<button type="button" disabled=${isBusy} onClick=${steer("resume")}>Resume</button>`}
    ${
      status.mayAdd &&
      html`<${MoreMoney}
        isBusy=${isBusy}
        add=${(dollars: number) => doing(() => steers.addMoney(dollars))}
      />`
    }
    <${Cancel} isBusy=${isBusy} doing=${doing} cancel=${steers.cancel} />
  </div>`;
}

interface CancelProps {
  readonly isBusy: boolean;
  readonly doing: (work: () => Promise<void>) => Promise<void>;
  readonly cancel: Steers["cancel"];
}

type Asked =
  | { readonly kind: "no" }
  | { readonly kind: "sure?" }
  /** Nobody hears of it before a worker comes. */
  | { readonly kind: "unheard"; readonly queue: string };

/** One press asks, the next does it; where no worker hears of it, a third ends the run all the same. */
function Cancel({ isBusy, doing, cancel }: CancelProps): VNode {
  const [asked, setAsked] = useState<Asked>({ kind: "no" });
  const act = async (force: boolean): Promise<void> => {
    setAsked({ kind: "no" });
    await doing(async () => {
      const { unservedQueue, isEnded } = await cancel(force);
      if (unservedQueue !== null && !isEnded) setAsked({ kind: "unheard", queue: unservedQueue });
    });
  };
  if (asked.kind === "no") {
    return html`<button
      type="button"
      disabled=${isBusy}
      onClick=${() => setAsked({ kind: "sure?" })}
    >
      Cancel…
    </button>`;
  }
  const isUnheard = asked.kind === "unheard";
  return html`${
      isUnheard &&
      html`<p class="muted" role="status">
        No worker serves <${Text} text=${asked.queue} />: it ends when one starts. Ended now, what
        it has is not returned.
      </p>`
    }
    <button
      type="button"
      class="danger"
      data-sure
      disabled=${isBusy}
      onClick=${() => act(isUnheard)}
    >
      ${isUnheard ? "End it now" : "Cancel it for good"}
    </button>
    <button type="button" class="quiet" onClick=${() => setAsked({ kind: "no" })}>
      ${isUnheard ? "Leave it" : "Keep it"}
    </button>`;
}

interface MoreMoneyProps {
  readonly isBusy: boolean;
  readonly add: (usd: number) => Promise<void>;
}

const ADDED_USD = "0.50";

/** One press shows how much, the next adds it. */
function MoreMoney({ isBusy, add }: MoreMoneyProps): VNode {
  const [amount, setAmount] = useState<string | null>(null);
  if (amount === null) {
    return html`<button type="button" disabled=${isBusy} onClick=${() => setAmount(ADDED_USD)}>
      Add $…
    </button>`;
  }
  const dollars = Number(amount);
  const submit = (event: Event): void => {
    event.preventDefault();
    setAmount(null);
    void add(dollars);
  };
  return html`<form class="more-money" onSubmit=${submit}>
    <label>
      $<input
        type="number"
        aria-label="Dollars to add to what the run may cost"
        min="0.01"
        step="0.01"
        value=${amount}
        onInput=${(event: InputEvent) => setAmount(valueOf(event))}
      />
    </label>
    <button type="submit" disabled=${isBusy || !(dollars > 0)}>Add and resume</button>
    <button type="button" class="quiet" onClick=${() => setAmount(null)}>Leave it</button>
  </form>`;
}

function valueOf({ target }: InputEvent): string {
  return target instanceof HTMLInputElement ? target.value : "";
}
