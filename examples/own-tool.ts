// A tool of your own: books a table, once, however often a worker dies on the way, and cancels it where the run that
// booked it fails or is cancelled.

import { z } from "zod";
import { defineTool, type PlainTool } from "../activities/tools/define-tool.ts";
import { ToolError } from "../activities/tools/tool-error.ts";

/** The restaurant's own system; bookings can be found again by our key. */
export interface Bookings {
  book(key: string, table: { readonly guests: number; readonly at: string }): Promise<string>;
  find(key: string): Promise<string | null>;
  /** What is cancelled already is no fault. False where it is too late. */
  cancel(key: string): Promise<boolean>;
}

export function bookTableTool(bookings: Bookings): PlainTool {
  return defineTool({
    name: "book_table",
    description: "Books a table for one evening. Returns the number of the booking.",
    input: z.object({
      guests: z.number().int().min(1).max(12).describe("How many people come."),
      at: z.iso.datetime().describe("When they come, ISO 8601 in UTC."),
    }),
    permission: "write",
    effect: "verifiable",
    timeoutMs: 10_000,
    async execute(table, { idempotencyKey }) {
      if (Date.parse(table.at) < Date.now()) {
        throw new ToolError(`${table.at} is in the past.`, {
          suggestion: "Ask the user for a date that is still to come.",
        });
      }
      return { booking: await bookings.book(idempotencyKey, table) };
    },
    async verify(_, { idempotencyKey }) {
      const booking = await bookings.find(idempotencyKey);
      return booking === null ? { kind: "absent" } : { kind: "happened", result: { booking } };
    },
    // Asked for where `verify` says that it happened, or can't tell.
    async compensate({ at }, _, { idempotencyKey }) {
      if (await bookings.cancel(idempotencyKey)) return;
      throw new ToolError(`The table at ${at} can't be cancelled any more.`);
    },
  });
}
