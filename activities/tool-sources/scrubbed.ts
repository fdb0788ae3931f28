// A source whose tools tell nobody a secret of this worker, whatever they were made to print.

import { scrubbedError, scrubbing, type Scrub } from "../../src/domain/scrub.ts";
import type { Tool, ToolContext } from "../tools/define-tool.ts";
import type { ToolOutput } from "../tools/tool-output.ts";
import { isAsking, type ToolResult } from "../tools/tool-questions.ts";
import type { ToolSource } from "./tool-source.ts";

export function scrubbedSource(source: ToolSource, secrets: readonly string[]): ToolSource {
  const scrub = scrubbing(secrets);
  return {
    name: source.name,
    list: (terms) => source.list(terms),
    mayHave: (name) => source.mayHave?.(name) === true,
    close: async () => await source.close?.(),
    async open(name, pinned) {
      const tool = await source.open(name, pinned);
      return tool === null ? null : scrubbedTool(tool, scrub);
    },
  };
}

function scrubbedTool(tool: Tool, scrub: Scrub): Tool {
  const { compensate } = tool;
  const scrubbed: Tool = {
    spec: tool.spec,
    async run(rawInput, context) {
      try {
        return scrubbedResult(await tool.run(rawInput, scrubbedContext(context, scrub)), scrub);
      } catch (error) {
        throw scrubbedError(error, scrub);
      }
    },
  };
  if (compensate === undefined) return scrubbed;
  return {
    ...scrubbed,
    async compensate(rawInput, done, context) {
      try {
        return await compensate(rawInput, done, scrubbedContext(context, scrub));
      } catch (error) {
        throw scrubbedError(error, scrub);
      }
    },
  };
}

function scrubbedContext(context: ToolContext, scrub: Scrub): ToolContext {
  return {
    ...context,
    progress: (text, share) => context.progress(scrub(text), share),
    openOutput: () => context.openOutput().through(scrub),
  };
}

/** What it keeps for itself is as it was: nobody is shown it. */
function scrubbedResult(result: ToolResult, scrub: Scrub): ToolResult {
  if (!isAsking(result)) return scrubbedOutput(result, scrub);
  const questions = result.questions.map((question) => scrubbedDeep(question, scrub));
  return { ...result, questions };
}

function scrubbedDeep<T>(value: T, scrub: Scrub): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- texts alone are other than they were
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === "string" ? scrub(part) : part,
  ) as T;
}

function scrubbedOutput(output: ToolOutput, scrub: Scrub): ToolOutput {
  const { text, fullText } = output;
  return {
    ...output,
    text: scrub(text),
    ...(fullText === undefined ? {} : { fullText: scrub(fullText) }),
  };
}
