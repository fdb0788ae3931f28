// What a worker may serve, one or all of it: runs with their books and inline tools, calls of models, tools.
// Each has a queue and slots of its own, so that calls which take minutes hold up nothing else.

export const DUTIES = ["core", "model", "tools"] as const;
export type Duty = (typeof DUTIES)[number];

const POLLED_FOR: Readonly<Record<Duty, string>> = {
  core: "runs",
  model: "model calls",
  tools: "tools",
};

export function workOf(duty: Duty): string {
  return POLLED_FOR[duty];
}

/** "no worker polls for model calls and tools"; null where all is served. */
export function unservedText(unserved: readonly Duty[]): string | null {
  if (unserved.length === 0) return null;
  // Where there is no worker at all, the first thing that is missing says it.
  const told = unserved.length === DUTIES.length ? unserved.slice(0, 1) : unserved;
  return `no worker polls for ${told.map((duty) => POLLED_FOR[duty]).join(" and ")}`;
}

/** The command that serves what nobody does. */
export function servingCommand(unserved: readonly Duty[]): string {
  const [only] = unserved;
  const isOne = unserved.length === 1 && only !== undefined && only !== "core";
  return isOne ? `pawl worker --only ${only}` : "pawl worker";
}
