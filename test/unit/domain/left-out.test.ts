// What is summed up of a conversation that does not fit as a whole.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { jsonBytesOf } from "../../../src/domain/json-size.ts";
import { LEFT_OUT, withoutMiddle } from "../../../src/domain/left-out.ts";
import { openCallIn, textOf, type Message } from "../../../src/domain/message.ts";

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const reply = (...content: Message["content"]): Message => ({ role: "assistant", content });
const text = (said: string) => ({ type: "text", text: said }) as const;
const call = (id: string) => ({ type: "tool_use", id, name: "look", input: {} }) as const;
const thought = { type: "thinking", thinking: "hm", signature: "s" } as const;
const answer = (id: string, content: string): Message => ({
  role: "user",
  content: [{ type: "tool_result", tool_use_id: id, content }],
});

/** A task, steps of calls with their answers or of plain words, and the question. */
const conversations = fc
  .array(fc.tuple(fc.boolean(), fc.nat(400), fc.boolean()), { minLength: 1, maxLength: 12 })
  .map((steps): readonly Message[] => [
    user("the task"),
    ...steps.flatMap(([isCall, size, thinks], index) => {
      const id = `toolu_${index}`;
      const before = thinks ? [thought] : [];
      return isCall
        ? [reply(...before, call(id)), answer(id, "x".repeat(size))]
        : [reply(...before, text("y".repeat(size + 1))), user(`more ${index}`)];
    }),
    user("Sum it up."),
  ]);

describe("a conversation with its middle left out", () => {
  test("begins with the task, ends as it did, has an answer to each call, and no thinking", () => {
    fc.assert(
      fc.property(conversations, fc.integer({ min: 1, max: 3 }), (messages, times) => {
        const left = withoutMiddle(messages, times);
        expect(left[0]?.content[0]).toEqual(text("the task"));
        expect(JSON.stringify(left.at(-1))).toContain("Sum it up.");
        expect(openCallIn(left)).toBeNull();
        const answered = left.flatMap(({ content }) =>
          content.flatMap((block) => ("tool_use_id" in block ? [block.tool_use_id] : [])),
        );
        const called = left.flatMap(({ content }) =>
          content.flatMap((block) =>
            block.type === "tool_use" && "id" in block ? [block.id] : [],
          ),
        );
        expect(answered).toEqual(called);
        if (left !== messages) expect(JSON.stringify(left)).not.toContain('"thinking"');
        for (const { content } of left) expect(content.length).toBeGreaterThan(0);
      }),
    );
  });

  test("says so, and is half as long, and half of that the next time", () => {
    const steps = Array.from({ length: 40 }, (_, index) => [
      reply(call(`toolu_${index}`)),
      answer(`toolu_${index}`, "z".repeat(500)),
    ]).flat();
    const messages = [user("the task"), ...steps, user("Sum it up.")];
    const whole = jsonBytesOf(messages);
    const shares = [1, 2, 3].map((times) => jsonBytesOf(withoutMiddle(messages, times)) / whole);
    for (const [index, share] of shares.entries()) {
      expect(share).toBeLessThan(0.5 ** (index + 1) + 0.02);
      expect(share).toBeGreaterThan(0.3 ** (index + 1));
    }
    expect(textOf(withoutMiddle(messages, 1)[0] ?? user(""))).toContain(LEFT_OUT);
  });

  test("is left as it is where the newest reply is the first", () => {
    const messages = [user("the task"), reply(call("a")), answer("a", "w".repeat(9000)), user("?")];
    expect(withoutMiddle(messages, 3)).toBe(messages);
    expect(withoutMiddle(messages, 0)).toBe(messages);
  });
});
