import { afterAll, describe, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complaintOf } from "../../../src/domain/complaint.ts";
import { openStateFolder } from "../../../src/dev/state-folder.ts";
import { makeFolder } from "../../../src/process/make-folder.ts";
import { openTelemetry } from "../../../src/telemetry/telemetry.ts";
import { openSmallDisk } from "../../support/small-disk.ts";

describe("a folder and those above it", () => {
  test("are made with the mode that is asked for, and may be there", () => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-made-"));
    const path = join(dir, "a", "b");
    for (let n = 0; n < 2; n += 1) makeFolder(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    rmSync(dir, { recursive: true });
  });

  const disk = openSmallDisk();
  afterAll(() => disk?.close());
  test.each<[string, (path: string) => unknown]>([
    ["a folder", makeFolder],
    ["a state folder", openStateFolder],
    ["a log", (file) => openTelemetry({ level: "info", file })],
  ])("on a root that can only be read, %s says so", (_what, make) => {
    // Only root can have such a place.
    if (disk === null) return;
    disk.lock();
    const path = join(disk.dir, "a", "b");
    let refusal: unknown = null;
    try {
      make(path);
    } catch (error) {
      refusal = error;
    }
    const { code, message, exitCode } = complaintOf(refusal);
    expect([code, exitCode]).toEqual(["FILE_UNUSABLE", 2]);
    expect(message).toMatch(/can't be used: the file system can only be read\.$/);
    expect(existsSync(path)).toBe(false);
  });
});
