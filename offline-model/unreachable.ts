// Ends a switch that covers its union: a new member fails to compile here.

export function unreachable(value: never): never {
  throw new Error(`not a member of its union: ${JSON.stringify(value)}`);
}
