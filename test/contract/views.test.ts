import { describe, expect, test } from "@jest/globals";
import { createArtefacts } from "../../src/store/artefacts.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createDeltaWriter, type DeltaLoss } from "../../src/store/delta-writer.ts";
import { DELTAS_FROM_START, createDeltaReader, pruneDeltas } from "../../src/store/deltas.ts";
import { onEachDatabase } from "../support/each-database.ts";

const AWKWARD = "NUL \0 quote ' backslash \\ pair 🐾";

onEachDatabase((underTest) => {
  describe("deltas", () => {
    const keyOf = (executionId: string, attempt = 1) => ({ executionId, activityId: "7", attempt });
    const read = (executionId: string, after = DELTAS_FROM_START) =>
      createDeltaReader(underTest().db).read(executionId, "7", after);

    test("V1: are read in the order they were given, text and marks", async () => {
      const writer = createDeltaWriter(underTest().db);
      const failed = {
        kind: "failed",
        code: "PROVIDER_OVERLOADED",
        message: AWKWARD,
        nextAttemptAt: null,
      } as const;
      writer.mark(keyOf("order"), { kind: "started" });
      writer.text(keyOf("order"), AWKWARD);
      await writer.flush();
      writer.text(keyOf("order"), "more");
      writer.mark(keyOf("order"), failed);
      writer.text(keyOf("order", 2), "again");
      await writer.close();
      const at = (attempt: number, seq: number) => ({ ...keyOf("order", attempt), seq });
      expect(await read("order")).toEqual([
        { ...at(1, 1), kind: "mark", mark: { kind: "started" } },
        { ...at(1, 2), kind: "text", offset: 0, text: AWKWARD },
        { ...at(1, 3), kind: "text", offset: AWKWARD.length, text: "more" },
        { ...at(1, 4), kind: "mark", mark: failed },
        { ...at(2, 1), kind: "text", offset: 0, text: "again" },
      ]);
      expect(await read("order", { attempt: 1, seq: 3 })).toHaveLength(2);
      expect(await read("order", { attempt: 2, seq: 1 })).toEqual([]);
    });

    test("are written without being asked, soon after they come", async () => {
      const writer = createDeltaWriter(underTest().db);
      writer.text(keyOf("soon"), "hello");
      const deadline = Date.now() + 5_000;
      while ((await read("soon")).length === 0) {
        if (Date.now() > deadline) throw new Error("nothing was written within 5 s");
      }
      await writer.close();
    });

    test("of many activities are read at once", async () => {
      const writer = createDeltaWriter(underTest().db);
      for (const name of ["many-1", "many-2", "many-3"]) writer.text(keyOf(name), name);
      await writer.close();
      const rows = await createDeltaReader(underTest().db).readMany([
        { executionId: "many-1", activityId: "7", after: DELTAS_FROM_START },
        { executionId: "many-2", activityId: "7", after: { attempt: 1, seq: 1 } },
        { executionId: "many-3", activityId: "7", after: DELTAS_FROM_START },
      ]);
      expect(rows).toMatchObject([{ text: "many-1" }, { text: "many-3" }]);
    });

    test("that can't be written are lost and reported, and the run goes on", async () => {
      const nowhere = openDatabase("postgres://someone@127.0.0.1:1/db");
      const losses: DeltaLoss[] = [];
      const writer = createDeltaWriter(nowhere, { onLoss: (loss) => losses.push(loss) });
      writer.text(keyOf("lost"), "hello");
      await writer.close();
      await nowhere.end();
      expect(losses).toMatchObject([{ rows: 1, chars: 5, cause: { code: "LEDGER_UNAVAILABLE" } }]);
    });

    test("are removed when they are old", async () => {
      const writer = createDeltaWriter(underTest().db);
      writer.text(keyOf("old"), "hello");
      await writer.close();
      expect(await pruneDeltas(underTest().db, 60_000)).toBe(0);
      expect(await pruneDeltas(underTest().db, 0)).toBeGreaterThan(0);
      expect(await read("old")).toEqual([]);
    });
  });

  describe("artefacts", () => {
    const artefacts = () => createArtefacts(underTest().db);

    test("a text that comes piece by piece is read as one that came at once", async () => {
      const text = Array.from({ length: 30_000 }, (_, n) => `piece ${n} \0😀\n`).join("");
      const writer = artefacts().open("streamed", "own-ref");
      for (let at = 0; at < text.length; at += 10_007)
        await writer.append(text.slice(at, at + 10_007));
      await writer.close();
      for (const offset of [0, 65_530, 131_072, text.length - 5]) {
        const read = await artefacts().read("streamed", "own-ref", offset, 20);
        expect(read).toBe(text.slice(offset, offset + 20));
      }
      expect(await artefacts().read("streamed", "own-ref", text.length, 20)).toBe("");
    });

    test("are read at any offset, exactly as a string would be sliced", async () => {
      const text = `${AWKWARD}\ud83d${"🐾x".repeat(60_000)}`;
      const { ref, chars, cut } = await artefacts().put("run", text);
      expect({ chars, cut }).toEqual({ chars: text.length, cut: false });
      for (const [offset, length] of [
        [0, 20],
        [65_530, 20],
        [131_000, 200_000],
        [text.length, 5],
      ] as const) {
        expect(await artefacts().read("run", ref, offset, length)).toBe(
          text.slice(offset, offset + length),
        );
      }
    });

    test("are of one run, and the same text twice is one artefact", async () => {
      const { ref } = await artefacts().put("mine", "text");
      expect(await artefacts().put("mine", "text")).toEqual({ ref, chars: 4, cut: false });
      expect(await artefacts().read("mine", ref, 0, 10)).toBe("text");
      expect(await artefacts().read("yours", ref, 0, 10)).toBeNull();
    });

    test("say when they were cut, and are cut between characters", async () => {
      const text = `a${"é".repeat(5 * 1024 * 1024)}`;
      const { ref, chars, cut } = await artefacts().put("long", text);
      expect({ chars, cut }).toEqual({ chars: 4 * 1024 * 1024, cut: true });
      expect(await artefacts().read("long", ref, chars - 3, 10)).toBe("ééé");
    });

    test("may be empty", async () => {
      const { ref } = await artefacts().put("empty", "");
      expect(await artefacts().read("empty", ref, 0, 10)).toBe("");
    });
  });
});
