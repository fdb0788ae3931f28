// What stands at the other end of stdout. On a `bare` terminal nothing may move the cursor or colour a word: it
// says so itself (TERM=dumb), or keeps what it is sent as the log of a build (CI).

import type { CliIo } from "./context.ts";

type TerminalKind = "full" | "bare" | "none";

export function terminalKind({ isTerminal, env }: Pick<CliIo, "isTerminal" | "env">): TerminalKind {
  if (!isTerminal) return "none";
  const isBare = env["TERM"] === "dumb" || !["", "0", "false"].includes(env["CI"] ?? "");
  return isBare ? "bare" : "full";
}
