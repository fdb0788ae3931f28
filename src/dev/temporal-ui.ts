// Temporal's Web UI asks nobody who they are and answers to any name, so a web page that points its own name
// here could do whatever the UI can: start runs, approve calls, end them. The local stack therefore runs
// without it, but while a `pawl ui` lives, which puts a guard of its own in front (gateway/ui-proxy.ts). The
// server can't turn its UI on and off: it is started again, on the same state and at the same address.

import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { PawlError } from "../domain/errors.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";
import { STOP_GRACE_MS } from "./part.ts";
import { endProcess, isAlive, markOf } from "./process-mark.ts";
import { livingChildren } from "./stack-state.ts";
import { acceptsConnections } from "./temporal-client.ts";

const ADDRESS = z.object({ host: z.string(), port: z.number() });
const WISH = ADDRESS.extend({ pid: z.number(), startMark: z.string() });

export type UiAddress = Readonly<z.output<typeof ADDRESS>>;

export interface OpenUi extends UiAddress {
  /** Resolves when Temporal serves again, without its UI. */
  close(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

function wishFile(stateDir: string): string {
  return join(stateDir, "ui.json");
}

/** Where the UI shall be, while who asked for it lives. */
export function wantedUi(stateDir: string): UiAddress | undefined {
  const wish = readJsonFile(wishFile(stateDir), WISH);
  return wish !== undefined && isAlive(wish) ? { host: wish.host, port: wish.port } : undefined;
}

/** Contract: a stack runs in the folder. Throws PawlError CONFIG where the UI is open already. */
export async function openTemporalUi(stateDir: string, temporalPort: number): Promise<OpenUi> {
  if (wantedUi(stateDir) !== undefined) {
    throw new PawlError("CONFIG", "Another `pawl ui` has the Web UI open: end that one first.");
  }
  const self = markOf(process.pid);
  if (self === undefined) throw new Error("this process does not know when it began");
  const address = await freeAddress();
  writeJsonFile(wishFile(stateDir), { ...self, ...address });
  const close = async (): Promise<void> => {
    rmSync(wishFile(stateDir), { force: true });
    await restartTemporal(stateDir);
    await untilServed("127.0.0.1", temporalPort);
  };
  try {
    await restartTemporal(stateDir);
    await untilServed(address.host, address.port);
    await untilServed("127.0.0.1", temporalPort);
    return { ...address, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** Its supervisor starts it again. */
async function restartTemporal(stateDir: string): Promise<void> {
  const mark = livingChildren(stateDir).get("temporal");
  if (mark !== undefined) await endProcess(mark, STOP_GRACE_MS.temporal);
}

async function untilServed(host: string, port: number): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await acceptsConnections(host, port))) {
    if (Date.now() > deadline) {
      const why = `Temporal did not serve ${host}:${port} in time; see temporal.log of the state folder.`;
      throw new PawlError("BACKEND_UNREACHABLE", why);
    }
    await pause(POLL_MS);
  }
}

/** One of sixteen million addresses, where the system has them: a page that looks for the UI finds no way around the guard. */
async function freeAddress(): Promise<UiAddress> {
  const octet = (): number => randomInt(1, 255);
  const host = process.platform === "linux" ? `127.${octet()}.${octet()}.${octet()}` : "127.0.0.1";
  const probe = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
  return { host, port };
}
