// Picks how a run is shown: for a person, for a pipe, or for a program.

import type { CliContext } from "./context.ts";
import type { Keyboard } from "./keyboard.ts";
import { createJsonLines } from "./json-lines.ts";
import { createPlain } from "./plain.ts";
import type { Renderer } from "./renderer.ts";

export async function rendererFor(
  context: CliContext,
  options: { readonly json?: boolean },
): Promise<Renderer> {
  if (options.json === true) return createJsonLines(context);
  if (!context.isTerminal) return createPlain(context);
  const [{ createTerminal }, { createSpinner }] = await Promise.all([
    import("./terminal.ts"),
    import("./spinner.ts"),
  ]);
  return createTerminal({
    out: context.stdout,
    colour: (context.env["NO_COLOR"] ?? "") === "",
    spinner: createSpinner(process.stdout),
  });
}

/** Who reads lines of a program does not type to a run. */
export function keyboardFor(
  { keyboard, isTerminal }: CliContext,
  options: { readonly json?: boolean },
): { readonly keyboard?: Keyboard } {
  return keyboard === undefined || !isTerminal || options.json === true ? {} : { keyboard };
}
