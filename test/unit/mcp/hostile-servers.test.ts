// A server that hangs, dies, floods or lies harms only its own calls. Real processes; no run.

import { afterEach, expect, test } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import {
  hostileServer,
  isAlive,
  openMcpScene,
  type McpScene,
  type SceneTerms,
} from "../../support/mcp-sources.ts";
import { until } from "../../support/processes.ts";

const open: McpScene[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});

async function scene(switches: readonly string[] = [], terms: SceneTerms = {}): Promise<McpScene> {
  const opened = await openMcpScene(
    (path) => ({
      bad: hostileServer(path("bad"), "exits-when-probed", ...switches),
      good: hostileServer(path("good")),
    }),
    terms,
  );
  open.push(opened);
  return opened;
}

/** Beside whatever the other does. */
async function siblingAnswers({ spec, call }: McpScene): Promise<void> {
  const echo = await spec("good__echo");
  expect(await call(echo, { text: "still here" })).toMatchObject({ text: "still here" });
}

test("a server that dies in the middle of a call leaves an unknown outcome, and the next call has a new one", async () => {
  const { spec, call, starts, ...rest } = await scene();
  const die = await spec("bad__die");
  const echo = await spec("bad__echo");
  const before = (await starts("bad")).length;
  const result = await call(die);
  expect(result).toMatchObject({ isError: true, effect: "unknown" });
  expect(JSON.stringify(result)).toContain("it wrote: it was too much for me");
  expect(await call(echo, { text: "again" })).toMatchObject({ text: "again", isError: false });
  expect(await starts("bad")).toHaveLength(before + 1);
  await siblingAnswers({ spec, call, starts, ...rest });
});

test("one that was killed while nobody called it is started again at the next call", async () => {
  const { spec, call, starts } = await scene();
  const echo = await spec("bad__echo");
  const pid = (await starts("bad")).at(-1) ?? 0;
  process.kill(pid, "SIGKILL");
  await until("the server is gone", () => !isAlive(pid), 60_000);
  expect(await call(echo, { text: "new" })).toMatchObject({ text: "new" });
});

test("an answer that comes late is told as unknown, and disturbs no call after it", async () => {
  const { spec, call } = await scene();
  const late = await spec("bad__late");
  const result = await call({ ...late, timeoutMs: 300 });
  expect(result).toMatchObject({ isError: true, effect: "unknown" });
  expect(JSON.stringify(result)).toContain("no answer within 300 ms");
  expect(await call(await spec("bad__release"))).toMatchObject({ text: "released" });
  expect(await call(await spec("bad__echo"), { text: "mine" })).toMatchObject({ text: "mine" });
});

test("a gigabyte in one message is cut off, and the worker and its other servers don't notice", async () => {
  const all = await scene();
  const { spec, call } = all;
  const before = process.memoryUsage().rss;
  const flood = call(await spec("bad__one_message"));
  await siblingAnswers(all);
  const result = await flood;
  expect(JSON.stringify(result)).toContain("a message of more than 8 MiB");
  expect(result).toMatchObject({ isError: true, effect: "unknown" });
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  expect(await call(await spec("bad__echo"), { text: "new" })).toMatchObject({ text: "new" });
});

test("a flood of small messages is read no faster than a worker listens, and the call ends in its time", async () => {
  const all = await scene();
  const { spec, call } = all;
  const flood = call({ ...(await spec("bad__many_messages")), timeoutMs: 3000 });
  await siblingAnswers(all);
  expect(await flood).toMatchObject({ isError: true, effect: "unknown" });
  await siblingAnswers(all);
});

test("lines that are no messages, answers that nobody asked for, and requests of its own are passed over", async () => {
  const { spec, call } = await scene();
  expect(await call(await spec("bad__garbage"))).toMatchObject({ text: "through" });
});

test("E4: a run opens without a server that does not answer, or can't start, and hears which", async () => {
  const { tools, told } = await scene(["deaf"], { times: { patienceMs: 5000 } });
  const found = await tools("bad__echo", "good__echo");
  expect(found.map(({ spec }) => spec.name)).toEqual(["good__echo"]);
  expect(told).toMatchObject([{ event: "mcp_server_away", server: "bad" }]);
  const dead = await scene(["dies-at-start"]);
  expect(await dead.tools("bad__*")).toEqual([]);
  expect(String(Reflect.get(dead.told[0] ?? {}, "error"))).toContain("no licence was found");
});

test("a server that has gone deaf is noticed before the next call, which has a new one", async () => {
  const { spec, call, starts } = await scene([], { times: { freshMs: 0, listingMs: 500 } });
  const echo = await spec("bad__echo");
  await call({ ...(await spec("bad__deafen")), timeoutMs: 500 });
  const before = (await starts("bad")).length;
  expect(await call(echo, { text: "hear me" })).toMatchObject({ text: "hear me" });
  expect((await starts("bad")).length).toBeGreaterThan(before);
});

test("E5: a tool that has become another is refused by name, with and without word of it", async () => {
  const { spec, call, path } = await scene([], { times: { freshMs: 0 } });
  const echo = await spec("bad__echo");
  expect(await call(await spec("bad__change"))).toMatchObject({ text: "changed" });
  const refused = await call(echo, { text: "secret" });
  expect(refused).toMatchObject({ isError: true, effect: "none" });
  expect(JSON.stringify(refused)).toContain("bad__echo has changed since this run began");
  // Another run is told of it as it is.
  expect(await call(await spec("bad__echo"), { text: "x" })).toMatchObject({ text: "x" });
  const other = await spec("good__echo");
  await writeFile(`${path("good")}.changed`, "");
  expect(JSON.stringify(await call(other))).toContain("good__echo has changed");
});

test("names that collide, are too long or have other letters get a name each; what no model could be offered is left out and told", async () => {
  const { tools, told, call } = await scene(["odd-tools"]);
  const found = await tools("bad__*");
  const names = found.map(({ spec }) => spec.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^bad__[A-Za-z0-9_-]{1,59}$/);
  const origins = found.map(({ spec }) => spec.origin?.tool);
  for (const odd of [
    "a.b/c d",
    "a_b_c_d",
    "x".repeat(100),
    `${"x".repeat(99)}y`,
    "twice",
    "wordy",
  ]) {
    expect(origins.filter((origin) => origin === odd)).toHaveLength(1);
  }
  const wordy = found.find(({ spec }) => spec.origin?.tool === "wordy");
  expect(wordy?.spec.description.length).toBe(4000);
  for (const out of ["large", "bad_key", "bad_schema", "no_object"]) {
    expect(origins).not.toContain(out);
    expect(JSON.stringify(told)).toContain(`${out}: `);
  }
  const echo = found.find(({ spec }) => spec.origin?.tool === "echo")?.spec;
  if (echo === undefined) throw new Error("no echo");
  expect(await call(echo, { text: "hi" })).toMatchObject({ text: "hi" });
});

test("a schema that is deep is not offered, and one that is deeper than anybody reads costs its server alone", async () => {
  const rather = await scene(["rather-deep-tools"]);
  const found = await rather.tools("bad__*");
  expect(found.map(({ spec }) => spec.name)).toContain("bad__echo");
  expect(found.map(({ spec }) => spec.name)).not.toContain("bad__deep");
  expect(JSON.stringify(rather.told)).toContain("more than 24 levels deep");
  const very = await scene(["deep-tools"]);
  expect(await very.tools("bad__*")).toEqual([]);
  await siblingAnswers(very);
});

test("no more than 256 tools of a server are looked at", async () => {
  const { tools, told } = await scene(["many"]);
  expect((await tools("bad__*")).length).toBeLessThanOrEqual(256);
  expect(JSON.stringify(told)).toContain("all beyond the first 256");
});

test("a server that says of itself that it only reads is executed once and with leave, unless its operator trusts it", async () => {
  const { spec } = await scene();
  expect(await spec("bad__lies")).toMatchObject({
    permission: "execute",
    effect: "once",
    attemptsMax: 1,
  });
  const trusting = await openMcpScene((path) => ({
    bad: { ...hostileServer(path("bad")), trustHints: true },
  }));
  open.push(trusting);
  expect(await trusting.spec("bad__lies")).toMatchObject({ permission: "read", effect: "pure" });
  expect(await trusting.spec("bad__echo")).toMatchObject({ permission: "execute", effect: "once" });
});

test("what is not text is told as what it is; a long text is cut; an error of the tool is an answer", async () => {
  const { spec, call } = await scene();
  const pictures = await call(await spec("good__pictures"));
  expect(pictures).toMatchObject({
    text: [
      "[image image/png, 300 bytes: not shown]",
      "[audio audio/wav, 3 bytes: not shown]",
      "[resource file:///a.txt, text/plain]",
      "inside",
      "[resource file:///b.bin, 4 bytes: not shown]",
      "[link to a resource: c, https://example.com/c]",
    ].join("\n"),
  });
  const big = await call(await spec("good__big"));
  if (!("text" in big)) throw new Error("no output");
  expect(Buffer.byteLength(big.text)).toBeLessThanOrEqual(64 * 1024);
  expect(big.fullText).toMatch(/the end$/);
  expect(await call(await spec("good__fails"))).toMatchObject({
    text: "The account is closed.",
    isError: true,
    effect: "unknown",
  });
  const refused = await call(await spec("good__refuses"));
  expect(refused).toMatchObject({ isError: true, effect: "none" });
  expect(JSON.stringify(refused)).toContain("I want other arguments");
});

test("progress is passed on", async () => {
  const { spec, call } = await scene();
  const seen: unknown[] = [];
  await call(await spec("good__progress"), {}, { progress: (...said) => void seen.push(said) });
  expect(seen).toEqual([["a quarter", 0.25]]);
});

test("a program is given its own variables and the few that every program needs, and what it says of secrets is masked", async () => {
  const opened = await openMcpScene(
    (path) => ({
      bad: { ...hostileServer(path("bad")), env: { API_TOKEN: "${MINE}", DIR: "/plain/place" } },
    }),
    { env: { MINE: "token-0123456789", OTHER: "other" } },
  );
  open.push(opened);
  const result = await opened.call(await opened.spec("bad__environment"));
  const text = JSON.stringify(result);
  expect(text).toContain("/plain/place");
  expect(text).toContain("API_TOKEN");
  expect(text).not.toContain("token-0123456789");
  expect(text).not.toMatch(/DATABASE_URL|JEST/);
});

test("what a server has started ends with it, also where it ignores signals", async () => {
  const opened = await scene(["ignores-signals"]);
  const { spec, call, starts } = opened;
  const child = await call(await spec("bad__child"));
  const childPid = Number("text" in child ? child.text : 0);
  const pid = (await starts("bad")).at(-1) ?? 0;
  expect([isAlive(pid), isAlive(childPid)]).toEqual([true, true]);
  await opened.source.close?.();
  await until("both are gone", () => !isAlive(pid) && !isAlive(childPid), 60_000);
});

test("a connection that nobody uses is closed, and opened anew at the next call", async () => {
  const { spec, call, starts } = await scene([], { times: { idleMs: 50 } });
  const echo = await spec("bad__echo");
  const pid = (await starts("bad")).at(-1) ?? 0;
  await until("the server is gone", () => !isAlive(pid), 60_000);
  expect(await call(echo, { text: "back" })).toMatchObject({ text: "back" });
});

test("each tenant has a server of its own", async () => {
  const { spec, call, starts } = await scene();
  const lies = await spec("bad__lies");
  const before = (await starts("bad")).length;
  const ours = await call(lies);
  const theirs = await call(lies, {}, { tenant: "acme" });
  expect(ours).not.toEqual(theirs);
  expect((await starts("bad")).length).toBeGreaterThan(before);
});
