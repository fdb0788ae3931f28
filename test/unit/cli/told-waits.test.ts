import { describe, expect, test } from "@jest/globals";
import type { RunClient } from "../../../src/client/run-client.ts";
import { toldWaits } from "../../../src/cli/told-waits.ts";
import { createFakeClient, RUN_ID } from "../../support/fake-client.ts";
import { until } from "../../support/processes.ts";

const AT_ONCE = { untilLook: 1, look: 1 };

/** A client whose `list` answers when it is let. */
function slow(more: Partial<RunClient>) {
  const said: string[] = [];
  let answer = (): void => {};
  const client = toldWaits(
    {
      ...createFakeClient(),
      list: async () =>
        await new Promise((resolve) => {
          answer = () => resolve([]);
        }),
      ...more,
    },
    (line) => void said.push(line),
    AT_ONCE,
  );
  return { client, said, answer: () => answer() };
}

describe("a command that waits for an answer", () => {
  test("says which server does not answer, once, and again when that is away anew", async () => {
    const { client, said, answer } = slow({ away: async () => "Temporal at host:7233" });
    const first = client.list();
    await until("it is said", () => said.length === 1);
    answer();
    await first;
    const second = client.list();
    await until("it is said anew", () => said.length === 2);
    answer();
    await second;
    expect(new Set(said)).toEqual(
      new Set(["Waiting for Temporal at host:7233: no answer yet. What it is: pawl doctor"]),
    );
  });

  test("says of servers that are there that they are slow", async () => {
    const { client, said, answer } = slow({ away: async () => null });
    const listing = client.list();
    await until("it is said", () => said.length === 1);
    expect(said).toEqual([expect.stringContaining("there, and slow")]);
    answer();
    await listing;
  });

  test("says nothing where the answer comes in time, nor where the end of a run is waited for", async () => {
    let looks = 0;
    const away = async (): Promise<string> => {
      looks += 1;
      return "Temporal at host:7233";
    };
    const startedAt = performance.now();
    const { client, said } = slow({ away, result: async () => await new Promise(() => {}) });
    void client.result(RUN_ID);
    await client.cancel(RUN_ID);
    await client.away(1);
    await until("the time has passed", () => performance.now() - startedAt > 20);
    expect(said).toEqual([]);
    expect(looks).toBe(1);
  });

  test("an answer that comes while it is looked is all that is said", async () => {
    let found = (_away: string): void => {};
    const away = async (): Promise<string> => await new Promise((resolve) => (found = resolve));
    const { client, said, answer } = slow({ away });
    const listing = client.list();
    await until("it looks", () => found.length === 1);
    answer();
    await listing;
    found("Temporal at host:7233");
    expect(said).toEqual([]);
  });

  test("what a client throws is thrown", async () => {
    const { client } = slow({ cancel: async () => await Promise.reject(new Error("no")) });
    await expect(client.cancel(RUN_ID)).rejects.toThrow("no");
  });
});
