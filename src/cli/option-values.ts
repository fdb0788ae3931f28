// Values of options, checked where they are given: what is wrong costs nothing and says why.

import { InvalidArgumentError } from "commander";
import { durationIn } from "../domain/duration.ts";
import { isBlank } from "../domain/input-rules.ts";
import type { CanWait } from "../domain/run/order.ts";
import { microUsdOf } from "../domain/money.ts";

export function durationMs(text: string): number {
  const ms = durationIn(text);
  if (ms === null) throw new InvalidArgumentError("a duration looks like 120s, 5m or 1h.");
  return ms;
}

/** Seen before anything is started for it. */
export function taskText(text: string): string {
  if (isBlank(text)) throw new InvalidArgumentError("The task is empty.");
  return text;
}

/** Given twice, the later names join the earlier ones. */
export function toolNames(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => !/^[\w-]{1,64}$/.test(name))) {
    throw new InvalidArgumentError("tools are named like write_file,web_search.");
  }
  return [...before, ...names];
}

export function positiveInteger(text: string): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError("it must be a whole number above 0.");
  }
  return value;
}

export function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("a port is a number up to 65535.");
  return port;
}

export function dollarsAsMicroUsd(text: string): number {
  const microUsd = /^\d*\.?\d+$/.test(text.trim()) ? microUsdOf(Number(text)) : Number.NaN;
  if (!Number.isSafeInteger(microUsd) || microUsd < 1) {
    throw new InvalidArgumentError("it must be an amount in dollars above 0, such as 0.50.");
  }
  return microUsd;
}

/** Of `--can-wait` and `--can-wait-for`; the second says more. */
export function waitOf(flags: {
  readonly canWait?: boolean | undefined;
  readonly canWaitFor?: number | undefined;
}): { readonly canWait?: CanWait } {
  const { canWait, canWaitFor } = flags;
  if (canWaitFor !== undefined) return { canWait: { forMs: canWaitFor } };
  return canWait === true ? { canWait: { forMs: null } } : {};
}
