// A call that waits for a person. What it takes to show one is loaded when the first is there.

import { away, type GatewayError } from "./api.ts";
import type { CardProps } from "./approval-card.ts";
import { Trouble } from "./parts.ts";
import { html, useEffect, useState, type Child, type VNode } from "./vendor/preact.js";

type Card = (props: CardProps) => VNode;

let loaded: Card | null = null;

async function load(): Promise<{ readonly view: Card }> {
  const { ApprovalCard } = await import("./approval-card.ts");
  loaded = ApprovalCard;
  return { view: ApprovalCard };
}

export function WaitingCall(props: CardProps): Child {
  const [card, setCard] = useState<{ readonly view: Card | null }>({ view: loaded });
  const [error, setError] = useState<GatewayError | null>(null);
  useEffect(() => {
    if (loaded !== null) return;
    void load().then(setCard, (caught: unknown) => setError(away(caught)));
  }, []);
  const { view } = card;
  return view === null ? html`<${Trouble} error=${error} />` : html`<${view} ...${props} />`;
}
