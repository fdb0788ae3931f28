// Picks how a run is shown: for a person, for a pipe, or for a program.

import type { CliContext } from "./context.ts";
import type { Keyboard } from "./keyboard.ts";
import { createJsonLines } from "./json-lines.ts";
import { createPlain } from "./plain.ts";
import type { Renderer } from "./renderer.ts";
import { terminalKind } from "./terminal-kind.ts";

export async function rendererFor(
  context: CliContext,
  options: { readonly json?: boolean },
): Promise<Renderer> {
  if (options.json === true) return createJsonLines(context);
  const kind = terminalKind(context);
  if (kind === "none") return createPlain(context);
  const [{ createTerminal }, { createSpinner, STILL }] = await Promise.all([
    import("./terminal.ts"),
    import("./spinner.ts"),
  ]);
  const isFull = kind === "full";
  return createTerminal({
    out: context.stdout,
    colour: isFull && (context.env["NO_COLOR"] ?? "") === "",
    spinner: isFull ? createSpinner(process.stdout) : STILL,
    columns: () => process.stdout.columns,
  });
}

/** Who reads lines of a program does not type to a run. */
export function keyboardFor(
  context: CliContext,
  options: { readonly json?: boolean },
): { readonly keyboard?: Keyboard } {
  const { keyboard } = context;
  const isTyped = terminalKind(context) === "full" && options.json !== true;
  return keyboard === undefined || !isTyped ? {} : { keyboard };
}
