// Runs a program that a model has written, behind the lock of src/sandbox. What became of it is an answer, also where
// it had to be killed: then by what. It changes nothing but files of the run's own folder, so it may run again.

import { z } from "zod";
import {
  LANGUAGES,
  STANDARD_LIMITS,
  type CodeOutcome,
  type Language,
} from "../../src/sandbox/sandbox.ts";
import type { AskSandbox } from "../../src/sandbox/choose-sandbox.ts";
import { keep, takeIn, wantedFiles } from "./code-files.ts";
import { defineTool, type PlainTool, type ToolContext } from "./define-tool.ts";
import { ToolError } from "./tool-error.ts";

export const RUN_CODE = "run_code";

const CODE_CHARS_MAX = 256 * 1024;
const NAMES_TOLD_MAX = 100;
const MIB = 1024 * 1024;
const NAMES: Readonly<Record<Language, string>> = { javascript: "JavaScript", python: "Python" };

const input = z.object({
  language: z.enum(LANGUAGES),
  code: z
    .string()
    .min(1)
    .max(CODE_CHARS_MAX)
    .describe("The whole program. Print what you want to know: only output comes back."),
  files: wantedFiles,
});

/** `languages`: those of the sandbox, where this process has one. */
export function runCodeTool(
  ask: AskSandbox,
  languages: readonly Language[] = LANGUAGES,
): PlainTool {
  const { wallMs, memoryBytes } = STANDARD_LIMITS;
  return defineTool({
    name: RUN_CODE,
    description:
      `Runs a program in ${languages.map((one) => NAMES[one]).join(" or ")} and returns its output. ` +
      "No network, no other programs, no files but this run's folder, which is its working folder: " +
      "files that it writes there are kept. " +
      `At most ${wallMs / 1000} seconds and ${memoryBytes / MIB} MiB of memory.`,
    input,
    permission: "execute",
    effect: "pure",
    async execute({ language, code, files: wanted }, context) {
      const { files, notTaken } = await takeIn(context, wanted);
      const outcome = await runIn(ask, { language, code, files }, context);
      const { kept, notKept } = await keep(context, outcome.files);
      return answerOf(outcome, { kept, notKept: [...notKept, ...outcome.leftOut], notTaken });
    },
  });
}

type Program = Pick<Parameters<Running["run"]>[0], "language" | "code" | "files">;
type Running = Extract<Awaited<ReturnType<AskSandbox>>, { readonly kind: "holds" }>;

async function runIn(
  ask: AskSandbox,
  program: Program,
  context: ToolContext,
): Promise<CodeOutcome> {
  const { signal } = context;
  const sandbox = await ask();
  signal.throwIfAborted();
  if (sandbox.kind === "none") throw notHere("no sandbox holds on this worker");
  const { language } = program;
  if (!sandbox.languages.includes(language)) {
    const there = sandbox.languages.map((one) => NAMES[one]).join(", ");
    throw notHere(`there is no ${NAMES[language]} on this worker, only ${there}`);
  }
  try {
    return await sandbox.run({ ...program, limits: STANDARD_LIMITS, signal });
  } catch {
    signal.throwIfAborted();
    // Why, with paths of the host, is for the operator (src/worker/tell-of-sandbox.ts).
    throw notHere("the sandbox could not be set up");
  }
}

/** Another worker may be better off. */
function notHere(why: string): ToolError {
  return new ToolError(`The program was not run: ${why}.`, {
    suggestion: "Go on without running code, and say that it was not run.",
    retryable: true,
  });
}

interface Files {
  readonly kept: readonly string[];
  readonly notKept: readonly string[];
  readonly notTaken: readonly string[];
}

/** What is short comes first: of a long answer the model sees the beginning. */
function answerOf(
  { exitCode, killedBy, stdout, stderr }: CodeOutcome,
  { kept, notKept, notTaken }: Files,
): object {
  return {
    exitCode,
    timedOut: killedBy?.kind === "time",
    ...(killedBy !== null && { killed: `${killedBy.kind}: ${killedBy.what}` }),
    files: told(kept),
    ...(notKept.length > 0 && { filesNotKept: told(notKept) }),
    ...(notTaken.length > 0 && { filesNotCopiedIn: told(notTaken) }),
    stdout,
    stderr,
  };
}

function told(names: readonly string[]): readonly string[] {
  const rest = names.length - NAMES_TOLD_MAX;
  return rest > 0 ? [...names.slice(0, NAMES_TOLD_MAX), `and ${rest} more`] : names;
}
