// `${NAME}` and `${NAME:-otherwise}` in a setting, as people write them in `.mcp.json` already. A variable that is
// empty counts as not set, as everywhere in Pawl.

export type Expanded =
  | { readonly kind: "text"; readonly text: string; readonly hasVariables: boolean }
  /** What is wrong, and what would be right. */
  | { readonly kind: "mistake"; readonly why: string };

const REFERENCE = /\$\{([^}]*)\}/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

export function expandVariables(text: string, env: NodeJS.ProcessEnv): Expanded {
  const mistakes: string[] = [];
  let hasVariables = false;
  const expanded = text.replaceAll(REFERENCE, (whole, inside: string) => {
    hasVariables = true;
    const [, name = "", otherwise] = NAME.exec(inside) ?? [];
    const value = (name === "" ? undefined : env[name]) || otherwise;
    if (value === undefined) mistakes.push(mistakeIn(whole, inside, name));
    return value ?? "";
  });
  const [why] = mistakes;
  return why === undefined
    ? { kind: "text", text: expanded, hasVariables }
    : { kind: "mistake", why };
}

function mistakeIn(whole: string, inside: string, name: string): string {
  if (name !== "")
    return `the environment variable ${name} is not set: set it where the worker is started, or write \${${name}:-a default}`;
  const [, ofOthers] = /^env:([A-Za-z_]\w*)$/.exec(inside) ?? [];
  if (ofOthers !== undefined) return `${whole} is written \${${ofOthers}} here`;
  return `${whole} names no environment variable: write \${NAME} or \${NAME:-a default}`;
}
