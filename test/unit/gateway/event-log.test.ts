import { readdir, stat } from "node:fs/promises";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { parseEventId } from "../../../src/client/event-id.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createEventLog, type EventLog } from "../../../src/gateway/event-log.ts";
import { eventOf } from "../../../src/gateway/frames.ts";
import { framesOf } from "../../../src/gateway/log-piece.ts";
import { openSpillFile, type SpillFile } from "../../../src/gateway/spill-file.ts";
import { eventOf as told } from "../../support/fake-client.ts";
import { until } from "../../support/processes.ts";

const TEXT = "x".repeat(1000);

/** A little more than a kilobyte each. */
const delta = (n: number): RunEvent =>
  told({ type: "reply.delta", turn: 1, attempt: 1, text: TEXT }, `0.5.1.${n * TEXT.length}`);

const logs: EventLog[] = [];
afterEach(() => {
  for (const log of logs.splice(0)) log.close();
});

function logOf(bytesMax: number, openSpill?: () => Promise<SpillFile>, failures: unknown[] = []) {
  const onSpillFailed = (error: unknown): void => void failures.push(error);
  const log = createEventLog({
    bytesMax,
    onSpillFailed,
    ...(openSpill === undefined ? {} : { openSpill }),
  });
  logs.push(log);
  return log;
}

async function fill(log: EventLog, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) {
    log.append(delta(n));
    await log.room();
  }
}

async function idsFrom(log: EventLog, place: number | null): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = place; at !== null && at < log.end;) {
    const piece = log.pieceAt(at);
    if (piece === null) throw new Error(`place ${at} is gone`);
    ids.push(...framesOf(await log.read(piece)).map((frame) => eventOf(frame).id));
    at = piece.end;
  }
  return ids;
}

const idsOf = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => delta(from + n).id);

const isSpilled = (log: EventLog, place: number): boolean =>
  log.pieceAt(place)?.held.kind === "spilled";

describe("the log of a run", () => {
  test("keeps in a file what memory has no room for, and reads it back", async () => {
    const log = logOf(200_000);
    await fill(log, 1, 1000);
    await until("the older part is in the file", () => isSpilled(log, 500));
    expect(log.pieceAt(log.end - 1)?.held.kind).toBe("open");
    expect(await idsFrom(log, log.placeBehind(null))).toEqual(idsOf(1, 1000));
  });

  test("finds the piece behind any event, in the file as in memory", async () => {
    const log = logOf(200_000);
    await fill(log, 1, 400);
    await until("the older part is in the file", () => isSpilled(log, 100));
    for (let n = 1; n < 400; n += 7) {
      const ids = await idsFrom(log, log.placeBehind(parseEventId(delta(n).id)));
      expect(ids.slice(ids.indexOf(delta(n).id) + 1)).toEqual(idsOf(n + 1, 400));
    }
    expect(log.placeBehind(parseEventId(delta(400).id))).toBe(log.end);
  });

  test("lets whoever appends wait while the file is slow, so that memory stays bounded", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const file = await openSpillFile();
    const slow = async (): Promise<SpillFile> => ({
      ...file,
      append: async (bytes) => {
        await held;
        return await file.append(bytes);
      },
    });
    const log = logOf(200_000, slow);
    const filling = fill(log, 1, 1000);
    await until("it waits", () => log.room() !== null);
    expect(log.end).toBeLessThan(250);
    release();
    await filling;
    expect(await idsFrom(log, log.placeBehind(null))).toEqual(idsOf(1, 1000));
  });

  test("goes on where the disk is full: it says so once, and lets go of what is oldest", async () => {
    const file = await openSpillFile();
    let room = 3;
    const full = async (): Promise<SpillFile> => ({
      ...file,
      append: async (bytes) => {
        room -= 1;
        if (room < 0) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        return await file.append(bytes);
      },
    });
    const failures: unknown[] = [];
    const log = logOf(200_000, full, failures);
    await fill(log, 1, 2000);
    await until("it has said so", () => failures.length > 0);
    await fill(log, 2001, 4000);
    expect(failures).toMatchObject([{ code: "ENOSPC" }]);
    expect(log.placeBehind(null)).toBeNull();
    expect(log.pieceAt(0)).toBeNull();
    expect(log.placeBehind(parseEventId(delta(100).id))).toBeNull();
    const recent = await idsFrom(log, log.placeBehind(parseEventId(delta(3900).id)));
    expect(recent.slice(-100)).toEqual(idsOf(3901, 4000));
  });
});

test("a spill file is its owner's alone, and has no name", async () => {
  const before = process.env["TMPDIR"];
  const dir = mkdtempSync(join(tmpdir(), "pawl-spill-"));
  process.env["TMPDIR"] = dir;
  try {
    const file = await openSpillFile();
    const at = await file.append(Buffer.from("hello"));
    expect(await readdir(dir)).toEqual([]);
    const links = readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return (
          statSync(`/proc/self/fd/${fd}`).nlink === 0 && statSync(`/proc/self/fd/${fd}`).isFile()
        );
      } catch {
        return false;
      }
    });
    const modes = await Promise.all(
      links.map(async (fd) => ((await stat(`/proc/self/fd/${fd}`)).mode & 0o777).toString(8)),
    );
    expect(modes).toContain("600");
    expect((await file.read(at, 5)).toString()).toBe("hello");
    await expect(file.read(at, 6)).rejects.toThrow(/ends/);
    await file.close();
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    rmSync(dir, { recursive: true });
  }
});
