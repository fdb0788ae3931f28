import { describe, expect, test } from "@jest/globals";
import { compareEventIds, formatEventId, parseEventId } from "../../../src/client/event-id.ts";

const IN_ORDER = [
  "0.1",
  "0.11.0.1",
  "0.11.0.2",
  "0.11.1.5",
  "0.11.1.240",
  "0.11.1.240.3",
  "0.11.1.240.20",
  "0.11.1.4294967536",
  "0.11.2.0",
  "0.11.2.7",
  "0.13",
  "0.100",
  "1.1",
];

describe("event ids", () => {
  test("are ordered by execution, history event, attempt and offset, as numbers", () => {
    const shuffled = [...IN_ORDER].toSorted();
    const sorted = shuffled.toSorted((a, b) => compareEventIds(parseEventId(a), parseEventId(b)));
    expect(sorted).toEqual(IN_ORDER);
  });

  test("are written as they were read", () => {
    expect(IN_ORDER.map((id) => formatEventId(parseEventId(id)))).toEqual(IN_ORDER);
  });

  test.each(["", "1", "0.1.2", "a.b", "0.1.2.3.4.5", "-1.2", "0.1 "])("refuse %j", (text) => {
    expect(() => parseEventId(text)).toThrow(/not an event id/);
  });
});
