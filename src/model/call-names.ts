// The names that the provider gives to its calls. Answers go back by them: where two calls of a reply have one
// name, nobody can say which of them is answered, or was approved. Such a reply is a broken one.

import { ModelCallError } from "./model.ts";

const CALLS: readonly string[] = ["tool_use", "server_tool_use"];

/** Of one reply, block by block. */
export class CallNames {
  readonly #taken = new Set<string>();

  /** Throws a ModelCallError where the block is a call whose name was taken, or that has none. */
  take(block: { readonly type: string; readonly [field: string]: unknown }): void {
    if (!CALLS.includes(block.type)) return;
    const { id } = block;
    if (typeof id !== "string" || id === "") throw broken("a call of a tool has no id");
    if (this.#taken.has(id)) throw broken(`two calls of tools have the id ${JSON.stringify(id)}`);
    this.#taken.add(id);
  }
}

function broken(what: string): ModelCallError {
  return new ModelCallError("PROVIDER_STREAM_INVALID", `In one reply ${what}`, {
    billing: "unknown",
  });
}
