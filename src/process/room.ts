// What the machine gives this process, and what it needs: too few file handles or too little memory is one sentence
// at the start, with what to do, instead of calls that fail or a process that is killed in the middle of its work.

import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import { PawlError } from "../domain/errors.ts";

export interface Room {
  /** Null where nobody can say, or there is no bound. */
  readonly filesMax: number | null;
  /** What V8 lets the heap grow to. */
  readonly heapBytes: number;
  /** Of the container; null where it has all of the machine's. */
  readonly memoryBytes: number | null;
}

export interface Need {
  /** As in "a worker with 500 model calls at once". */
  readonly what: string;
  readonly files: number;
  readonly heapMb: number;
  /** Settings by which it needs less; empty where there are none. */
  readonly orLess: string;
}

/** Modules are read many at once. */
const TO_LOAD: Need = { what: "Pawl", files: 256, heapMb: 32, orLess: "" };

const MB = 1024 * 1024;
/** What V8 adds for what is young, whatever it is told. */
const YOUNG_MB = 48;
/** Beside the heap: code, threads, buffers, Temporal's core. */
const HEAP_SHARE_OF_MEMORY = 0.8;

/** Before anything large is loaded; `heapMb` where that is more than a command is. Throws PawlError CONFIG. */
export function refuseTightRoom(heapMb: number = TO_LOAD.heapMb): void {
  const trouble = troubleIn(roomHere(), { ...TO_LOAD, heapMb });
  if (trouble !== null) throw trouble;
}

/** Throws PawlError CONFIG where it can't work; warns where it would be killed sooner than it collects garbage. */
export function checkRoom(need: Need, warn: (message: string) => void, room = roomHere()): void {
  const trouble = troubleIn(room, need);
  if (trouble !== null) throw trouble;
  const message = warningOf(room);
  if (message !== null) warn(message);
}

export function troubleIn(
  { filesMax, heapBytes }: Room,
  { what, files, heapMb, orLess }: Need,
): PawlError | null {
  if (filesMax !== null && filesMax < files) {
    const message = `This process may have ${filesMax} files and sockets open, and ${what} needs ${files}.`;
    const next = `allow it more (LimitNOFILE= in a unit, ulimits: in compose, ulimit -n in a shell)${orLess}`;
    return new PawlError("CONFIG", message, { next });
  }
  const heapMaxMb = Math.floor(heapBytes / MB) - YOUNG_MB;
  if (heapMaxMb >= heapMb) return null;
  const message = `The heap of this process may grow to ${Math.max(0, heapMaxMb)} MB, and ${what} needs ${heapMb}.`;
  const next = `give it more memory, or a larger NODE_OPTIONS=--max-old-space-size=…${orLess}`;
  return new PawlError("CONFIG", message, { next });
}

/** Null where there is nothing to say. */
export function warningOf({ heapBytes, memoryBytes }: Room): string | null {
  if (memoryBytes === null) return null;
  const heapMb = Math.floor(heapBytes / MB) - YOUNG_MB;
  const fitsMb = Math.floor((memoryBytes / MB) * HEAP_SHARE_OF_MEMORY);
  if (heapMb <= fitsMb) return null;
  const memoryMb = Math.floor(memoryBytes / MB);
  return (
    `The heap may grow to ${heapMb} MB, and this container has ${memoryMb}: it would be killed before it collects` +
    ` what it can. Set NODE_OPTIONS=--max-old-space-size=${fitsMb} or less`
  );
}

function roomHere(): Room {
  const memoryBytes = process.constrainedMemory();
  return {
    filesMax: filesMaxIn(limitsHere()),
    heapBytes: getHeapStatistics().heap_size_limit,
    memoryBytes: memoryBytes > 0 && memoryBytes < totalmem() ? memoryBytes : null,
  };
}

/** Of Linux; elsewhere nobody can say. */
function limitsHere(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}

/** Node raises the soft limit to the hard one when it starts. */
export function filesMaxIn(limits: string): number | null {
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? null : Number(soft);
}
