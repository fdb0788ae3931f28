// TypeScript as JavaScript: types become blanks, so every line and column stays where its author wrote it. The same
// on every Node that we support; what is more than types (enum, namespace, parameter properties) is refused, as Node
// itself refuses it.

import swc from "@swc/wasm-typescript";

export interface SyntaxFault {
  readonly line: number;
  readonly message: string;
  /** It is TypeScript, but not erasable. */
  readonly isUnerasable: boolean;
}

export type Stripped =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "fault"; readonly fault: SyntaxFault };

export function stripTypes(text: string, filename: string): Stripped {
  try {
    const options = { mode: "strip-only" as const, filename, module: true };
    return { kind: "code", code: swc.transformSync(text, options).code };
  } catch (thrown) {
    return { kind: "fault", fault: faultIn(thrown) };
  }
}

/** It throws no errors, but records. */
function faultIn(thrown: unknown): SyntaxFault {
  const read = (name: string): unknown =>
    typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, name) : undefined;
  const line = read("startLine");
  return {
    line: typeof line === "number" ? line : 1,
    message: String(read("message") ?? thrown),
    isUnerasable: read("code") === "UnsupportedSyntax",
  };
}
