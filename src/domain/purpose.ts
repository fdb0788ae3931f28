// What a call of a model is made for, and what of it holds wherever the call passes: where its reply goes, whether
// people see it written, in which lane and how often it is tried. A new purpose is a member and a row here, and a
// row of its request in activities/model-call/purposes.ts; where it is made is decided in run/.

import type { LimitHit } from "./limits.ts";

export type Purpose =
  /** A step of the work: its reply joins the transcript. */
  | { readonly kind: "work" }
  /** Which tier is the task for? The task itself is not worked on. */
  | { readonly kind: "route" }
  /** The conversation grows too long and goes on from what is answered now; `shortened`: so often, as it did not fit. */
  | { readonly kind: "summary"; readonly toolsOff: boolean; readonly shortened?: number }
  /** The run stops at this limit and sums up what it has, tools off. */
  | { readonly kind: "wrap_up"; readonly stop: LimitHit };

export type PurposeKind = Purpose["kind"];

interface Traits {
  /** `step`: joins the transcript, and people may stop it. `branch`: another transcript begins with it. `aside`: is
   * none of the conversation; whatever comes of it, the run goes on. */
  readonly reply: "step" | "branch" | "aside";
  /** Beside the turn, for people; null of what every turn is for. */
  readonly title: string | null;
  /** What the run alone reads is not shown while it is written. */
  readonly isShown: boolean;
  /** Not worth the wait for a batch, or without the time for it. */
  readonly isLiveOnly: boolean;
  readonly attemptsMax: number;
}

const MANY = { isShown: true, isLiveOnly: false, attemptsMax: Number.POSITIVE_INFINITY };

const TRAITS = {
  work: { ...MANY, reply: "step", title: null },
  route: {
    // Two attempts and no more: without a word on it, the task is of the medium tier.
    reply: "aside",
    title: "choosing a tier",
    isShown: false,
    isLiveOnly: true,
    attemptsMax: 2,
  },
  summary: { ...MANY, reply: "branch", title: "summing up" },
  wrap_up: { ...MANY, reply: "step", title: "summing up", isLiveOnly: true },
} as const satisfies Readonly<Record<PurposeKind, Traits>>;

type KindWith<ReplyGoes extends Traits["reply"]> = {
  [Kind in PurposeKind]: (typeof TRAITS)[Kind]["reply"] extends ReplyGoes ? Kind : never;
}[PurposeKind];
export type Aside = Extract<Purpose, { readonly kind: KindWith<"aside"> }>;

export function traitsOf({ kind }: Pick<Purpose, "kind">): Traits {
  return TRAITS[kind];
}

export function isAside(purpose: Purpose): purpose is Aside {
  return traitsOf(purpose).reply === "aside";
}

export function isStep(purpose: Purpose): boolean {
  return traitsOf(purpose).reply === "step";
}
