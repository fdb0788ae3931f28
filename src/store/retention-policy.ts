// What is kept, and for how long: one word on each table. A table that is not named here fails
// test/contract/retention.test.ts; docs/database.md says the same to operators.

export type Kept =
  /** Grows with what people set up, or is one small row for much money. */
  | { readonly kept: "for good"; readonly why: string }
  /** Its writers take away what is over, within minutes. */
  | { readonly kept: "while it is used"; readonly why: string }
  /** PAWL_KEEP_DAYS from then on, and longer while somebody needs it. */
  | { readonly kept: "days"; readonly after: string; readonly unless?: string };

export const RETENTION = {
  account: { kept: "days", after: "its period, or its batch", unless: "held or feared" },
  api_key: { kept: "for good", why: "who was let in" },
  artefact_piece: { kept: "days", after: "the end of its run" },
  batch: { kept: "days", after: "its end" },
  batch_item: { kept: "days", after: "the end of its batch, or its order where none began" },
  budget: { kept: "for good", why: "caps that are set" },
  budget_raise: { kept: "days", after: "the period it was for" },
  call: { kept: "days", after: "its day", unless: "feared" },
  chore: { kept: "for good", why: "a row a chore" },
  cost_alert: { kept: "days", after: "its day" },
  delta: { kept: "while it is used", why: "replies in flight, for an hour" },
  ended_attempt: { kept: "days", after: "the end of a run that did not close its books" },
  gate: { kept: "for good", why: "a row a model" },
  gate_bucket: { kept: "for good", why: "a few rows a model" },
  gate_line: { kept: "days", after: "its turn" },
  gate_tenant: { kept: "days", after: "the tenant's last call" },
  hold: { kept: "while it is used", why: "open calls" },
  lane_call: { kept: "days", after: "the end of its run" },
  lease: { kept: "while it is used", why: "workers that live" },
  stop_wish: { kept: "while it is used", why: "attempts that shall stop" },
  link: { kept: "days", after: "the end of its run" },
  message: { kept: "days", after: "the end of its run" },
  migration: { kept: "for good", why: "a row a step" },
  release: { kept: "days", after: "it was made" },
  reply: { kept: "days", after: "the end of a run that did not close its books" },
  run: { kept: "days", after: "its end", unless: "feared, or of a batch" },
  run_record: { kept: "days", after: "its end", unless: "its run is kept, or its batch" },
  tenant: { kept: "for good", why: "who may have runs" },
  usage_band: { kept: "for good", why: "a roll-up" },
  usage_day: { kept: "for good", why: "a roll-up" },
  usage_session: { kept: "for good", why: "a roll-up" },
  usage_tail: { kept: "while it is used", why: "what is not yet in the roll-ups" },
  worker_files: { kept: "while it is used", why: "workers that live, and the last" },
  worker_sandboxes: {
    kept: "while it is used",
    why: "workers that live, and gone ones until the next starts",
  },
} as const satisfies Readonly<Record<string, Kept>>;

/** Those that go by their age alone, and the column that has it. */
export const BY_AGE: readonly (readonly [keyof typeof RETENTION, string])[] = [
  ["release", "released_at"],
  ["cost_alert", "on_day"],
  ["gate_line", "due_at"],
  ["gate_tenant", "at"],
];
