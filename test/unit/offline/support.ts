// A running offline model, the real SDK pointed at it, and a loop that answers its tool calls.

import Anthropic from "@anthropic-ai/sdk";
import type {
  Message,
  MessageCreateParamsNonStreaming,
  MessageParam,
  ToolUseBlock,
} from "@anthropic-ai/sdk/resources/messages/messages";
import { Parser } from "expr-eval-fork";
import {
  startOfflineModel,
  type OfflineModel,
  type OfflineModelOptions,
} from "../../../offline-model/server.ts";

export interface Bench {
  readonly model: OfflineModel;
  readonly sdk: Anthropic;
  /** Same server; requests carry this run key. */
  sdkFor(runKey: string): Anthropic;
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  faults(...faults: readonly object[]): Promise<void>;
  script(...entries: readonly object[]): Promise<void>;
}

export async function startBench(options: OfflineModelOptions = {}): Promise<Bench> {
  const model = await startOfflineModel({ chunkDelayMs: 0, ...options });
  const sdkFor = (runKey: string): Anthropic =>
    new Anthropic({
      apiKey: "offline",
      baseURL: model.url,
      maxRetries: 0,
      logLevel: "off",
      defaultHeaders: runKey === "" ? {} : { "x-pawl-run": runKey },
    });
  const admin: Bench["admin"] = async (method, path, body) => {
    const response = await fetch(`${model.url}/admin${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  return {
    model,
    sdk: sdkFor(""),
    sdkFor,
    admin,
    faults: async (...list) => void (await admin("PUT", "/faults", list)),
    script: async (...list) => void (await admin("PUT", "/script", list)),
  };
}

export const MODEL = "claude-sonnet-5-5";

export const CALCULATOR = {
  name: "calculator",
  description: "Evaluates an arithmetic expression.",
  input_schema: {
    type: "object" as const,
    properties: { expression: { type: "string" } },
    required: ["expression"],
  },
};

export const SEARCH = {
  name: "web_search",
  description: "Searches the web.",
  input_schema: {
    type: "object" as const,
    properties: { query: { type: "string" } },
    required: ["query"],
  },
};

export function ask(text: string, more: Partial<MessageCreateParamsNonStreaming> = {}) {
  const messages: MessageParam[] = [{ role: "user", content: text }];
  return { model: MODEL, max_tokens: 1024, messages, ...more };
}

export function textOf(message: Message): string {
  return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

export function callsOf(message: Message): ToolUseBlock[] {
  return message.content.filter((block) => block.type === "tool_use");
}

/** Waits for a condition, with a deadline. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Worked {
  readonly answer: string;
  /** `web_search: population of Earth`, in order. */
  readonly calls: readonly string[];
  readonly replies: readonly Message[];
  readonly messages: readonly MessageParam[];
}

export type ToolRunner = (name: string, input: Readonly<Record<string, unknown>>) => string;

/** Answers tool calls until the model is done; an exception of a tool becomes an error result. */
export async function work(
  sdk: Anthropic,
  params: MessageCreateParamsNonStreaming,
  run: ToolRunner,
): Promise<Worked> {
  const messages = [...params.messages];
  const calls: string[] = [];
  const replies: Message[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    const reply = await sdk.messages.stream({ ...params, messages }).finalMessage();
    replies.push(reply);
    messages.push({ role: "assistant", content: reply.content });
    if (reply.stop_reason !== "tool_use")
      return { answer: textOf(reply), calls, replies, messages };
    const content = callsOf(reply).map((call) => {
      const input = call.input as Record<string, unknown>;
      calls.push(`${call.name}: ${String(Object.values(input)[0])}`);
      return {
        type: "tool_result" as const,
        tool_use_id: call.id,
        ...outcome(run, call.name, input),
      };
    });
    messages.push({ role: "user", content });
  }
  throw new Error(`no answer after 10 turns: ${calls.join(" | ")}`);
}

function outcome(run: ToolRunner, name: string, input: Readonly<Record<string, unknown>>) {
  try {
    return { content: run(name, input) };
  } catch (error) {
    return { content: String(error), is_error: true };
  }
}

const FACTS = [
  [
    "Population of Earth",
    "The population of Earth is about 8.1 billion people. It passed 8 billion in November 2022.",
    "UN World Population Prospects",
    "2024",
  ],
  [
    "Mount Everest",
    "Mount Everest, on the border of Nepal and China, has a height of 8,849 m. It was first climbed in 1953.",
    "Survey of Nepal",
    "2020",
  ],
  ["K2", "K2 in the Karakoram has a height of 8,611 m.", "Encyclopaedia Britannica", "2023"],
  [
    "France",
    "France is a country in Europe. Its capital is Paris. It has a population of 68 million people and an area of 643,801 km².",
    "CIA World Factbook",
    "2024",
  ],
  [
    "Germany",
    "Germany is a country in Europe. Its capital is Berlin. It has a population of 84 million people and an area of 357,022 km².",
    "CIA World Factbook",
    "2024",
  ],
  [
    "Japan",
    "Japan is a country in Asia. Its capital is Tokyo. It has a population of 124 million people and an area of 377,975 km².",
    "CIA World Factbook",
    "2024",
  ],
  [
    "Boiling point of water",
    "Water has a boiling point of 100 °C at a pressure of one atmosphere.",
    "NIST Chemistry WebBook",
    "2023",
  ],
  ["Nile", "The Nile in Africa has a length of 6,650 km.", "Encyclopaedia Britannica", "2023"],
  [
    "Telephone",
    "Alexander Graham Bell patented the telephone in 1876.",
    "Encyclopaedia Britannica",
    "2022",
  ],
  ["Moon landing", "Apollo 11 landed on the Moon on 20 July 1969.", "NASA", "2019"],
] as const;

/** A search over ten facts and a calculator: all that the planner's tasks need. */
export const runTool: ToolRunner = (name, input) => {
  if (name === "calculator") {
    return JSON.stringify({ result: new Parser().evaluate(String(input["expression"])) });
  }
  const words = String(input["query"])
    .toLowerCase()
    .split(/\W+/)
    .filter((word) => word.length > 1);
  const hits = FACTS.map((fact) => ({
    fact,
    score: words.filter((word) => `${fact[0]} ${fact[1]}`.toLowerCase().includes(word)).length,
  }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 5);
  if (hits.length === 0) return "nothing found";
  return hits
    .map(
      ({ fact: [title, text, source, date] }, at) =>
        `${at + 1}. ${title} — ${text} (${source}, ${date})`,
    )
    .join("\n");
};
