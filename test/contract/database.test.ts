import { createServer, type Server, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { openDatabase } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { onEachDatabase } from "../support/each-database.ts";

const NOBODY = "postgres://someone:a-password@127.0.0.1:1/db";

const AWKWARD = [
  "it's",
  "back\\slash",
  "\\'",
  "'; drop table pawl.account; --",
  "$1 ${x} %s",
  "line\nbreak\ttab",
  "café 🐾 \u{10ffff}",
  "",
];

onEachDatabase((underTest) => {
  const db = () => underTest().db;
  test.each(AWKWARD)("a text comes back as it went: %j", async (text) => {
    const [row] = await db()<{ plain: string; list: string[]; json: unknown }>`
      select ${text} as plain, to_jsonb(${[text, text]}) as list, ${{ json: { [text]: text } }} as json`;
    expect(row).toEqual({ plain: text, list: [text, text], json: { [text]: text } });
  });

  test.each([
    ["NUL in a text", (text: string) => db()`select ${`a${text}\0`}`],
    ["NUL in JSON", (text: string) => db()`select ${{ json: { a: [`${text}\0`] } }}`],
    ["NUL in a name within JSON", (text: string) => db()`select ${{ json: { [`${text}\0`]: 1 } }}`],
    ["half of a pair in JSON", (text: string) => db()`select ${{ json: { a: `${text}\udc00` } }}`],
  ])("%s is refused for good, as nobody could store it", async (_what, asked) => {
    await expect(asked("it's")).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/U\+0000/),
    });
  });

  test("whole numbers come back as numbers, and what a number can't hold is an error", async () => {
    const [row] =
      await db()`select ${Number.MAX_SAFE_INTEGER}::bigint as big, ${-5} as small, ${null} as none`;
    expect(row).toEqual({ big: Number.MAX_SAFE_INTEGER, small: -5, none: null });
    await expect(db()`select 9007199254740993::bigint as big`).rejects.toThrow(/too large/);
  });

  test("D1, D2: many connections that send at once each get their own answers", async () => {
    const databases = Array.from({ length: 8 }, () =>
      openDatabase(underTest().url, { connectionsMax: 3 }),
    );
    const asked = Array.from({ length: 400 }, (_, index) => index);
    const answers = await Promise.all(
      asked.map(async (index) => {
        const own = databases[index % databases.length] ?? db();
        if (index % 7 === 0) return own`select 1/0`.catch(() => index);
        const [row] = await own<{ readonly n: number }>`select ${index} as n`;
        return row?.n;
      }),
    );
    await Promise.all(databases.map((each) => each.end()));
    expect(answers).toEqual(asked);
  });

  test("a script that fails half-way leaves nothing behind", async () => {
    await expect(db().script("create table half (); select 1/0;")).rejects.toThrow(
      /division by zero/,
    );
    expect(await db()`select to_regclass('half') as found`).toEqual([{ found: null }]);
  });

  test("after a statement that took too long, the next one is answered", async () => {
    if (underTest().name === "PGlite") return; // one session: it would have to wait for the slow one
    const own = openDatabase(underTest().url, { connectionsMax: 1, timeoutMs: 500 });
    await expect(own`select pg_sleep(20)`).rejects.toThrow(
      /(no answer|no connection was free) within 500 ms/,
    );
    expect(await own`select 1 as one`).toEqual([{ one: 1 }]);
    await own.end();
  });

  test("a connection to what can only be read is left for a new one", async () => {
    if (underTest().name === "PGlite") return; // one session: nobody can fail over
    const own = openDatabase(underTest().url, { connectionsMax: 1 });
    const readOnly = async (state: "on" | "off"): Promise<void> =>
      await db().script(`do $$ begin execute format('alter database %I set
        default_transaction_read_only = ${state}', current_database()); end $$`);
    const write = () => own`create table if not exists written ()`;
    await readOnly("on");
    try {
      await expect(write()).rejects.toMatchObject({
        code: "DATABASE_REFUSED",
        message: expect.stringMatching(/^Postgres at .*read-only/),
      });
    } finally {
      await readOnly("off");
    }
    await write();
    await own.end();
  });

  test("after the server has cut every connection, statements are soon answered again", async () => {
    if (underTest().name === "PGlite") return; // it has no connections of its own to cut
    const own = openDatabase(underTest().url);
    await Promise.all([own`select 1`, own`select 2`]);
    await db()`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    const deadline = Date.now() + 10_000;
    let error: unknown = "none yet";
    while (error !== null && Date.now() < deadline) {
      error = await own`select 1`.then(() => null).catch((caught: unknown) => caught);
      expect(error ?? { code: "LEDGER_UNAVAILABLE" }).toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    }
    expect(error).toBeNull();
    await own.end();
  });

  test("migrating again changes nothing", async () => {
    await createLedger(db()).closeRun("before");
    expect(await migrate(underTest().url)).toEqual([]);
  });
});

test("D3: a server that is not there is LEDGER_UNAVAILABLE, without the password", async () => {
  const db = openDatabase(NOBODY);
  const error: unknown = await db`select 1`.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "LEDGER_UNAVAILABLE" });
  expect(String(error)).toMatch(/Postgres at 127\.0\.0\.1:1: .*ECONNREFUSED/);
  expect(String(error)).not.toMatch(/a-password/);
  await expect(migrate(NOBODY)).rejects.toMatchObject({ code: "BACKEND_UNREACHABLE" });
  await db.end();
});

test("a server that accepts and says nothing is LEDGER_UNAVAILABLE within the timeout", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  const db = openDatabase(`postgres://someone@127.0.0.1:${await listen(silent)}/db`, {
    timeoutMs: 200,
  });
  await expect(db`select 1`).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
  await db.end();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return address.port;
}
