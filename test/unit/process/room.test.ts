import { describe, expect, test } from "@jest/globals";
import type { TelemetryEvent } from "../../../src/telemetry/event.ts";
import { checkRoom, filesMaxIn, type Need, type Room } from "../../../src/process/room.ts";

const MB = 1024 * 1024;
const NEED: Need = {
  what: "a worker with 500 model calls at once",
  files: 700,
  heapMb: 96,
  orLess: "; or lower PAWL_MODEL_SLOTS",
};
const ROOMY: Room = { filesMax: 1024, heapBytes: 848 * MB, memoryBytes: null };

function told(room: Partial<Room>): readonly TelemetryEvent[] {
  const events: TelemetryEvent[] = [];
  checkRoom(NEED, (message) => events.push({ event: "memory_tight", message }), {
    ...ROOMY,
    ...room,
  });
  return events;
}

function refusal(room: Partial<Room>): unknown {
  try {
    told(room);
  } catch (error) {
    return error;
  }
  return null;
}

describe("a process with too little room", () => {
  test("is told how many files it may open, how many it needs, and what to do", () => {
    expect(refusal({ filesMax: 64 })).toMatchObject({
      code: "CONFIG",
      message:
        "This process may have 64 files and sockets open, and a worker with 500 model calls at once needs 700.",
      next: expect.stringMatching(/LimitNOFILE=.*ulimit -n.*; or lower PAWL_MODEL_SLOTS$/),
    });
  });

  test("is told how large its heap may be, and how large it must", () => {
    expect(refusal({ heapBytes: 112 * MB })).toMatchObject({
      code: "CONFIG",
      message: expect.stringMatching(/may grow to 64 MB, and a worker .* needs 96\.$/),
      next: expect.stringContaining("NODE_OPTIONS=--max-old-space-size="),
    });
  });

  test("is warned where the container is smaller than its heap may be", () => {
    const [event] = told({ memoryBytes: 512 * MB });
    expect(event).toMatchObject({
      event: "memory_tight",
      message: expect.stringMatching(/800 MB, and this container has 512.*=409 or less/),
    });
  });
});

describe("a process with enough", () => {
  test.each<Partial<Room>>([
    {},
    { filesMax: null },
    { filesMax: 700 },
    { memoryBytes: 1024 * MB },
    { heapBytes: 428 * MB, memoryBytes: 512 * MB },
  ])("hears nothing: %j", (room) => {
    expect(told(room)).toEqual([]);
  });
});

test.each([
  ["Max open files            64                   64                   files     \n", 64],
  ["Max processes             unlimited            unlimited            processes \n", null],
  ["Max open files            unlimited            unlimited            files     \n", null],
  ["", null],
])("how many files it may open stands in /proc/self/limits: %j", (limits, files) => {
  expect(filesMaxIn(limits)).toBe(files);
});
