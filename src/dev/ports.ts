// Ports of the local stack. A stack keeps its ports over restarts, so that links into the history
// stay valid; where one is taken by now, another is chosen.

import { createServer } from "node:net";
import { z } from "zod";
import { readJsonFile, writeJsonFile } from "./json-file.ts";

const PORTS = z.object({
  temporal: z.number(),
  model: z.number(),
  gateway: z.number(),
});

export type Ports = Readonly<z.output<typeof PORTS>>;

const GATEWAY_PORT = 7420;

/** A stack of an older version may have had fewer parts. */
const REMEMBERED = PORTS.extend({ gateway: PORTS.shape.gateway.default(GATEWAY_PORT) });

/** The well-known port of Temporal, so that its own CLI finds our server without flags; and ours. */
const FAVOURITES = { temporal: 7233, gateway: GATEWAY_PORT };
/** Below what systems hand to outgoing connections (32768 on Linux): while a server restarts,
 * nobody may be given its port, not even a client that is trying to reach it. */
const LOWEST = 21_000;
const HIGHEST = 31_999;

/** The remembered ports of this folder where they are free, else new ones; remembered from now on. */
export async function choosePorts(file: string): Promise<Ports> {
  const wanted: Partial<Ports> = readJsonFile(file, REMEMBERED) ?? FAVOURITES;
  const taken = new Set<number>();
  const ports = {
    temporal: await choose(wanted.temporal, taken),
    model: await choose(wanted.model, taken),
    gateway: await choose(wanted.gateway, taken),
  };
  writeJsonFile(file, ports);
  return ports;
}

export async function areFree(ports: Ports): Promise<boolean> {
  const free = await Promise.all(Object.values(ports).map(isFree));
  return !free.includes(false);
}

async function choose(wanted: number | undefined, taken: Set<number>): Promise<number> {
  let port = wanted ?? randomPort();
  while (taken.has(port) || !(await isFree(port))) port = randomPort();
  taken.add(port);
  return port;
}

function randomPort(): number {
  return LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
