// Who may hold event streams, how many, and for how long.

import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "@jest/globals";
import type { KeyScope } from "../../../src/domain/key-scope.ts";
import type { Principal } from "../../../src/gateway/principal.ts";
import { createStreams, type Streams } from "../../../src/gateway/streams.ts";
import type { ApiKey } from "../../../src/store/api-keys.ts";
import { until } from "../../support/processes.ts";

class FakeResponse extends EventEmitter {
  destroyed = false;
  writableNeedDrain = false;
  how: "open" | "ended" | "destroyed" = "open";
  end(): void {
    this.how = "ended";
    this.emit("close");
  }
  destroy(): void {
    this.how = "destroyed";
    this.destroyed = true;
    this.emit("close");
  }
}

const LIMITS = { streamsPerKey: 2, streamsPerTenant: 3, streamsTotal: 5, recheckMs: 5 };

const keyOf = (keyId: string, tenant: string, scopes: KeyScope[] = ["runs:read"]): ApiKey => ({
  keyId,
  tenant,
  name: keyId,
  scopes,
  permission: null,
  createdAt: "",
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
});

let streams: Streams;
afterEach(() => streams.close());

function scene() {
  const known = new Map<string, ApiKey | Error>();
  let asked = 0;
  streams = createStreams(
    {
      async current(keyId) {
        asked += 1;
        const key = known.get(keyId) ?? null;
        if (key instanceof Error) throw key;
        return key;
      },
    },
    LIMITS,
  );
  return {
    known,
    asked: () => asked,
    open: (keyId: string, tenant: string): FakeResponse => {
      const key = keyOf(keyId, tenant);
      if (!known.has(keyId)) known.set(keyId, key);
      const principal: Principal = { kind: "key", ...key };
      const response = new FakeResponse();
      streams.admit(principal, response as unknown as ServerResponse);
      return response;
    },
  };
}

const FULL = expect.objectContaining({ code: "TOO_MANY_STREAMS" });

test("G7: a key has so many streams, its tenant so many, all together so many; who leaves makes room", () => {
  const { open } = scene();
  const first = open("a1", "a");
  open("a1", "a");
  expect(() => open("a1", "a")).toThrow(FULL);
  open("a2", "a");
  expect(() => open("a3", "a")).toThrow(/This tenant has 3 event streams/);
  open("b1", "b");
  open("c1", "c");
  expect(() => open("d1", "d")).toThrow(/This gateway has 5/);
  first.end();
  open("d1", "d");
});

test.each<[string, (key: ApiKey) => ApiKey | null]>([
  ["is revoked, has expired or is gone", () => null],
  ["lost its scope", (key) => ({ ...key, scopes: ["runs:write"] })],
  ["is another tenant's now", (key) => ({ ...key, tenant: "b" })],
])("G9: a key that %s ends what was opened with it, and nothing else", async (_, change) => {
  const { known, open, asked } = scene();
  const [first, second, other] = [open("a1", "a"), open("a1", "a"), open("a2", "a")];
  const changed = change(keyOf("a1", "a"));
  if (changed === null) known.delete("a1");
  else known.set("a1", changed);
  await until("both have ended", () => first.how === "ended" && second.how === "ended");
  const before = asked();
  await until("the others are asked about again", () => asked() > before + 2);
  expect(other.how).toBe("open");
});

test("G9: a socket that takes nothing is cut off", async () => {
  const { known, open } = scene();
  const stalled = open("a1", "a");
  stalled.writableNeedDrain = true;
  known.delete("a1");
  await until("it is cut off", () => stalled.how === "destroyed");
});

test("while nobody knows, streams stay", async () => {
  const { known, open, asked } = scene();
  const stream = open("a1", "a");
  known.set("a1", new Error("away"));
  await until("it is asked about", () => asked() > 3);
  expect(stream.how).toBe("open");
});

test("the person at this machine is bounded as a tenant, and never asked again", async () => {
  const { known, open, asked } = scene();
  const local: Principal = { kind: "local", name: "local", tenant: "local" };
  const response = new FakeResponse();
  streams.admit(local, response as unknown as ServerResponse);
  open("a1", "a");
  known.delete("a1");
  await until("keys are asked about", () => asked() > 0);
  expect(response.how).toBe("open");
});
