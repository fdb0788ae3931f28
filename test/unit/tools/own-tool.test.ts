import { expect, test } from "@jest/globals";
import { bookTableTool, type Bookings } from "../../../examples/own-tool.ts";
import { contextFor } from "./support.ts";

function restaurant(): Bookings & { readonly open: Map<string, string> } {
  const open = new Map<string, string>();
  return {
    open,
    book: async (key) => {
      const booking = `B${open.size + 1}`;
      open.set(key, booking);
      return booking;
    },
    find: async (key) => open.get(key) ?? null,
    cancel: async (key) => open.delete(key),
  };
}

const evening = { guests: 2, at: "2999-01-01T19:00:00Z" };

test("the example books once, even where the first attempt was lost after it took effect", async () => {
  const bookings = restaurant();
  const tool = bookTableTool(bookings);
  const first = await tool.run(evening, contextFor());
  const second = await tool.run(evening, contextFor({ attempt: 2 }));
  expect(second).toEqual(first);
  expect(first).toEqual({ text: '{"booking":"B1"}', isError: false });
  expect(bookings.open.size).toBe(1);
});

test("the example refuses a date in the past and says what to do", async () => {
  const tool = bookTableTool(restaurant());
  const { text, isError } = await tool.run(
    { ...evening, at: "2020-01-01T19:00:00Z" },
    contextFor(),
  );
  expect(isError).toBe(true);
  expect(JSON.parse(text)).toMatchObject({ suggestion: expect.stringContaining("still to come") });
});

test("the example cancels what it booked, once, and says so where nothing is left to cancel", async () => {
  const bookings = restaurant();
  const tool = bookTableTool(bookings);
  await tool.run(evening, contextFor());
  const undo = (attempt: number) =>
    tool.compensate?.(evening, { outcome: "unknown" }, contextFor({ attempt }));
  expect(await undo(1)).toEqual({ kind: "undone" });
  expect(bookings.open.size).toBe(0);
  expect(await undo(1)).toEqual({ kind: "absent" });
});
