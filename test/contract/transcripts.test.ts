import { expect, test } from "@jest/globals";
import {
  createTranscripts,
  nextHead,
  refOf,
  type Link,
  type StoredMessage,
} from "../../src/store/transcripts.ts";
import { onEachDatabase } from "../support/each-database.ts";

onEachDatabase((underTest) => {
  const transcripts = () => createTranscripts(underTest().db, 1_000_000);

  test("T2: a conversation is loaded from its beginning, byte for byte", async () => {
    const bodies = [
      '{"z":1,"a":"key order stays"}',
      JSON.stringify({ text: "NUL \0 quote ' backslash \\ half \ud83d pair 🐾" }),
      '{"z":1,"a":"key order stays"}',
    ];
    const { messages, links, head } = conversation("bytes", bodies);
    await transcripts().put(messages, links);
    expect(await transcripts().load("bytes", head)).toEqual(bodies);
    expect(await transcripts().load("bytes", links[0]?.head ?? "")).toEqual(bodies.slice(0, 1));
    expect(await transcripts().load("bytes", "")).toEqual([]);
  });

  test("a worker that goes on with its own run reads nothing", async () => {
    let statements = 0;
    const counted = Object.assign(
      <Row extends object>(strings: TemplateStringsArray, ...values: never[]) => {
        statements += 1;
        return underTest().db<Row>(strings, ...values);
      },
      underTest().db,
    );
    const own = createTranscripts(counted, 1_000_000);
    const { messages, links, head } = conversation("own", ["1", "2", "3"]);
    await own.put(messages.slice(0, 2), links.slice(0, 2));
    own.remember(messages.slice(2), links.slice(2));
    expect(await own.load("own", head)).toEqual(["1", "2", "3"]);
    expect(await own.get("own", refOf("3"))).toBe("3");
    own.remember([{ runId: "own", ref: refOf("4"), body: "4" }], []);
    expect(await own.get("own", refOf("4"))).toBe("4");
    expect(statements).toBe(1);
  });

  test("what is in the cache under one run is not found under another", async () => {
    const own = transcripts();
    const { messages, links, head } = conversation("mine", ["1"]);
    await own.put(messages, links);
    expect(await own.load("yours", head)).toBeNull();
  });

  test("a small cache forgets, and what it forgot is read again", async () => {
    const own = createTranscripts(underTest().db, 2_000);
    const bodies = Array.from({ length: 20 }, (_, index) => String(index));
    const { messages, links, head } = conversation("small", bodies);
    await own.put(messages, links);
    expect(await own.load("small", head)).toEqual(bodies);
    expect(await own.load("small", head)).toEqual(bodies);
  });

  test.each([
    ["a body is gone", "delete from pawl.message where run_id = 'RUN' and body = '2'"],
    ["a link is gone", "delete from pawl.link where run_id = 'RUN' and prev_head = ''"],
    ["a body is damaged", "update pawl.message set body = '9' where run_id = 'RUN' and body = '2'"],
    [
      "a link is bent",
      "update pawl.link set prev_head = head where run_id = 'RUN' and prev_head <> ''",
    ],
  ])("where %s the transcript counts as missing, until it is put again", async (what, damage) => {
    const runId = `damaged: ${what}`;
    const { messages, links, head } = conversation(runId, ["1", "2", "3"]);
    await transcripts().put(messages, links);
    await underTest().db.script(damage.replace("RUN", runId));
    expect(await transcripts().load(runId, head)).toBeNull();
    await transcripts().put(messages, links);
    expect(await transcripts().load(runId, head)).toEqual(["1", "2", "3"]);
  });

  test("T1: one body is got by its ref; a damaged one is not", async () => {
    const { messages } = conversation("get", ["1"]);
    const ref = refOf("1");
    await transcripts().put(messages);
    expect(await transcripts().get("get", ref)).toBe("1");
    expect(await transcripts().get("other", ref)).toBeNull();
    await underTest().db`update pawl.message set body = '9' where run_id = 'get'`;
    expect(await transcripts().get("get", ref)).toBeNull();
  });

  test("a conversation of 2,000 messages and one message of 2 MiB are loaded whole", async () => {
    const bodies = Array.from({ length: 2_000 }, (_, index) => JSON.stringify({ index }));
    bodies.push(JSON.stringify("é'\\".repeat(500_000)));
    const { messages, links, head } = conversation("long", bodies);
    await transcripts().put(messages, links);
    expect(await transcripts().load("long", head)).toEqual(bodies);
  });
});

function conversation(runId: string, bodies: readonly string[]) {
  const messages: StoredMessage[] = [];
  const links: Link[] = [];
  let head = "";
  for (const body of bodies) {
    const ref = refOf(body);
    const prevHead = head;
    head = nextHead(prevHead, ref);
    messages.push({ runId, ref, body });
    links.push({ runId, head, prevHead, ref });
  }
  return { messages, links, head };
}
