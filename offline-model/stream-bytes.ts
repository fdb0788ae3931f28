// Bytes of a stream: how an event is written, and waits that end when the client has gone.

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Exchange } from "./exchange.ts";

export function sse(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

export async function write({ res, gone }: Exchange, bytes: string | Uint8Array): Promise<void> {
  if (gone.aborted || res.write(bytes)) return;
  await once(res, "drain", { signal: gone }).catch(() => undefined);
}

export async function pause({ gone }: Exchange, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: gone }).catch(() => undefined);
}

export function closed({ gone }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) resolve();
    else gone.addEventListener("abort", () => resolve(), { once: true });
  });
}
