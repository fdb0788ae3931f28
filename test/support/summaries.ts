// Runs that sum up after a few turns, and what is true of their summaries.

import { expect } from "@jest/globals";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { ModelRequestSeen } from "./offline-model.ts";
import { microUsd } from "./run-bench.ts";

export const QUESTION = "will go on from a summary";

/** A run under these sums up after a few turns. */
export const TIGHT = { requestTokens: 8000, replyTokens: 512 };
const TEXT_BYTES = 1600;

const text = (bytes: number): string => "A tooth at a time. ".repeat(1000).slice(0, bytes);
export const SUM = { name: "calculator", input: { expression: "6*7" } };
export const stepOf = (bytes: number): object => ({
  thinking: "One more.",
  text: text(bytes),
  toolCalls: [SUM],
});
export const step = stepOf(TEXT_BYTES);
export const summed = { match: { contains: QUESTION }, reply: { planned: true } };

export const asksForSummary = ({ body }: ModelRequestSeen): boolean =>
  JSON.stringify(body?.messages ?? []).includes(QUESTION);

export const sumUps = (events: readonly RunEvent[]): readonly number[] =>
  events.flatMap((event) =>
    event.type === "turn.started" && event.purpose === "summary" ? [event.turn] : [],
  );

/** The charges that were told are what the provider billed. */
export function expectToPay(events: readonly RunEvent[], billedMicroUsd: number): void {
  const charges = events.flatMap((event) => (event.type === "reply.finished" ? [event] : []));
  expect(charges.reduce((all, { costUsd }) => all + microUsd(costUsd), 0)).toBe(billedMicroUsd);
}
