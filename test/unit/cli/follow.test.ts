import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { follow } from "../../../src/cli/follow.ts";
import type { Renderer } from "../../../src/cli/renderer.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createFakeClient, RUN_ID } from "../../support/fake-client.ts";
import { until } from "../../support/processes.ts";

function notes(): Renderer & { readonly events: RunEvent[]; readonly said: string[] } {
  const events: RunEvent[] = [];
  const said: string[] = [];
  return {
    events,
    said,
    event: (event) => void events.push(event),
    notice: (text) => void said.push(text),
    freshLine: () => {},
    close: () => {},
  };
}

describe("watching a run", () => {
  test("the first Ctrl-C detaches with exit 7 and says how to attach; the run is not touched", async () => {
    const client = createFakeClient({ staysOpen: true });
    const signals = new EventEmitter();
    const renderer = notes();
    const following = follow(client, RUN_ID, renderer, { signals, secondThoughtsMs: 1 });
    signals.emit("SIGINT");
    expect(await following).toBe(7);
    expect(renderer.said.join("\n")).toContain(`pawl attach ${RUN_ID}`);
    expect(client.cancelled).toEqual([]);
    expect(signals.listenerCount("SIGINT")).toBe(0);
  });

  test("a second Ctrl-C cancels, and the exit code is that of the cancelled run", async () => {
    const client = createFakeClient({ staysOpen: true });
    const signals = new EventEmitter();
    const following = follow(client, RUN_ID, notes(), { signals, secondThoughtsMs: 60_000 });
    signals.emit("SIGINT");
    signals.emit("SIGINT");
    expect(await following).toBe(5);
    expect(client.cancelled).toEqual([RUN_ID]);
  });

  test("a run that nobody takes is explained, also where Temporal still lists a worker that died", async () => {
    const client = createFakeClient({ staysOpen: true });
    const signals = new EventEmitter();
    const renderer = notes();
    const told = new Promise<void>((resolve) => {
      renderer.notice = (text) => {
        renderer.said.push(text);
        resolve();
      };
    });
    const options = { signals, workerCheckMs: 1, silenceMs: 20, secondThoughtsMs: 1 };
    const following = follow(client, RUN_ID, renderer, options);
    await told;
    expect(renderer.said).toEqual([expect.stringContaining("No worker has taken the run yet")]);
    signals.emit("SIGINT");
    await following;
  });

  test("a run that no worker takes up is explained", async () => {
    const client = createFakeClient({ staysOpen: true, unserved: ["core", "model", "tools"] });
    const signals = new EventEmitter();
    const renderer = notes();
    const told = new Promise<void>((resolve) => {
      renderer.notice = (text) => {
        renderer.said.push(text);
        resolve();
      };
    });
    const following = follow(client, RUN_ID, renderer, {
      signals,
      workerCheckMs: 1,
      secondThoughtsMs: 1,
    });
    await told;
    expect(renderer.said).toEqual([expect.stringContaining("pawl worker")]);
    signals.emit("SIGINT");
    await following;
  });
});

describe("a run whose build is gone", () => {
  test("is waited for with the reason and the command that helps, said once", async () => {
    const leftBehind = {
      build: { deployment: "pawl", buildId: "1" },
      message: "it is pinned to build 1, which no worker serves",
    };
    const client = createFakeClient({ staysOpen: true, leftBehind });
    const signals = new EventEmitter();
    const renderer = notes();
    let looks = 0;
    const counting = {
      ...client,
      leftBehind: async () => {
        looks += 1;
        return leftBehind;
      },
    };
    const options = { signals, lookAfterMs: 1, workerCheckMs: 60_000, secondThoughtsMs: 1 };
    const following = follow(counting, RUN_ID, renderer, options);
    await until("it was looked twice", () => looks > 1);
    expect(renderer.said).toEqual([
      "The run waits: it is pinned to build 1, which no worker serves. It goes on when one starts: " +
        "TEMPORAL_DEPLOYMENT_NAME=pawl TEMPORAL_WORKER_BUILD_ID=1 pawl worker",
    ]);
    signals.emit("SIGINT");
    await following;
  });
});
