import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { calculate } from "../../../activities/tools/calculator.ts";
import { bundledCorpus } from "../../../src/corpus/search-corpus.ts";
import {
  ask,
  callsOf,
  CALCULATOR,
  runTool,
  SEARCH,
  startBench,
  work,
  type Bench,
  type ToolRunner,
} from "./support.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.model.close());

const HEADLINE =
  "What is the population of Earth, and how many people is that per square kilometre of land? The land area is 148,940,000 km².";

const TASKS: readonly (readonly [task: string, calls: readonly string[], answer: RegExp])[] = [
  [
    HEADLINE,
    ["web_search: population of Earth", "calculator: 8100000000 / 148940000"],
    /8\.1 billion.*UN World Population Prospects.*54\.4/s,
  ],
  ["What is 12.5% of 340?", ["calculator: (12.5 / 100) * 340"], /42\.5/],
  ["(3+4)*12", ["calculator: (3+4)*12"], /84/],
  ["What is seven times eight plus two?", ["calculator: 7 * 8 + 2"], /58/],
  ["Calculate 1,234,567 divided by 1,000.", ["calculator: 1234567 / 1000"], /1,234\.567/],
  ["What is the square root of 144?", ["calculator: sqrt(144"], /12/],
  ["What is 17 squared, and what is that divided by 2?", ["calculator: 17 ^ 2"], /289.*144\.5/s],
  ["What percentage of 80 is 20?", ["calculator: 20 / 80 * 100"], /25/],
  ["What is the average of 4, 8 and 15?", ["calculator: (4 + 8 + 15) / 3"], /9/],
  [
    "What is the capital of France?",
    ["web_search: capital of France"],
    /Paris.*CIA World Factbook/,
  ],
  ["What is the boiling point of water?", ["web_search: boiling point of water"], /100 °C.*NIST/],
  ["How long is the Nile?", ["web_search: length of Nile"], /6,650 km/],
  ["When was the telephone patented?", ["web_search: When was the telephone patented"], /1876/],
  ["When did Apollo 11 land on the Moon?", ["web_search"], /20 July 1969.*NASA/],
  ["How many people live in Japan?", ["web_search: population of Japan"], /124 million/],
  [
    "How much taller is Mount Everest than K2?",
    ["web_search: height of Mount Everest", "web_search: height of K2", "calculator: 8849 - 8611"],
    /238 m taller than K2/,
  ],
  [
    "What is the population density of Germany?",
    [
      "web_search: population of Germany",
      "web_search: area of Germany",
      "calculator: 84000000 / 357022",
    ],
    /235 people per square kilometre/,
  ],
  [
    "What is the population of France and Germany?",
    ["web_search: population of France", "web_search: population of Germany"],
    /68 million.*84 million/s,
  ],
  [
    "How many more people live in Japan than in Germany?",
    ["web_search", "web_search", "calculator: 124000000 - 84000000"],
    /40,000,000/,
  ],
  [
    "Which is larger, France or Germany?",
    ["web_search: area of France", "web_search: area of Germany"],
    /France is larger/,
  ],
  [
    "What is the capital of Japan and the boiling point of water?",
    ["web_search: capital of Japan", "web_search: boiling point of water"],
    /Tokyo.*100 °C/s,
  ],
  ["Hello!", [], /offline model/],
  ["Say: ready", [], /^ready$/],
  ["Write me a sonnet about autumn leaves", [], /I'm the offline model/],
  [
    "What is the airspeed of Zorblax?",
    ["web_search: airspeed of Zorblax", "web_search: Zorblax airspeed"],
    /couldn't find the airspeed of Zorblax/,
  ],
];

const LIBRARY_TASKS: readonly (readonly [task: string, answer: RegExp])[] = [
  [HEADLINE, /8\.1 billion.*UN World Population Prospects.*54\.4 people per square kilometre/s],
  [
    "What is the population of Earth, and how many people is that per square kilometre of land?",
    /148,940,000 km².*54\.4/s,
  ],
  ["What is the population density of France?", /people per square kilometre/],
  ["How much higher is Everest than Mont Blanc?", /4,043 m higher than Mont Blanc/],
  ["Is Everest taller than K2?", /Everest is taller/],
  ["How many times larger is Russia than France?", /area of Russia is 31 times that of France/],
  [
    "Find the population of India and the population of China, and tell me the difference.",
    /The difference is 32,000,000 people/,
  ],
  ["What is the population of France plus the population of Germany?", /151,500,000/],
  ["What is 2^10 and the capital of Spain?", /1,024.*Madrid/s],
  ["Who invented the telephone?", /Bell/],
  ["When did the Second World War end?", /World War II.*1945/],
  ["What is the currency of Japan?", /yen/],
  ["What is the speed of light?", /299,792,458 m\/s/],
  ["What is the boiling point of water in Celsius?", /100 °C/],
  ["Explain durable execution", /recorded/],
];

describe("the planner works with the bundled library and calculator", () => {
  const runBundled: ToolRunner = (name, input) => {
    if (name === "calculator") return JSON.stringify(calculate(String(input["expression"])));
    return bundledCorpus()
      .search(String(input["query"]), 5)
      .map(
        ({ title, text, source, date }, at) => `${at + 1}. ${title} — ${text} (${source}, ${date})`,
      )
      .join("\n");
  };

  test.each(LIBRARY_TASKS)("%s", async (task, answer) => {
    const worked = await work(bench.sdk, ask(task, { tools: [CALCULATOR, SEARCH] }), runBundled);
    expect(worked.answer).toMatch(answer);
  });

  test.each(LIBRARY_TASKS)("searching on the server: %s", async (task, answer) => {
    const search = {
      type: "web_search_20260318" as const,
      name: "web_search" as const,
      max_uses: 5,
    };
    const worked = await work(bench.sdk, ask(task, { tools: [CALCULATOR, search] }), runBundled);
    expect(worked.answer).toMatch(answer);
  });
});

describe("the planner works through tasks with the tools it is offered", () => {
  test.each(TASKS)("%s", async (task, calls, answer) => {
    const worked = await work(bench.sdk, ask(task, { tools: [CALCULATOR, SEARCH] }), runTool);
    expect(worked.answer).toMatch(answer);
    for (const [at, call] of calls.entries()) expect(worked.calls[at]).toContain(call);
    if (calls.length === 0) expect(worked.calls).toEqual([]);
  });
});

test("independent look-ups are asked for in parallel, in one reply", async () => {
  const reply = await bench.sdk.messages.create(
    ask("How much taller is Everest than K2?", { tools: [CALCULATOR, SEARCH] }),
  );
  expect(callsOf(reply)).toHaveLength(2);
});

test("a search that fails is tried once more with other words, then the answer says so", async () => {
  const worked = await work(
    bench.sdk,
    ask("What is the capital of France?", { tools: [SEARCH] }),
    () => {
      throw new Error("search is down");
    },
  );
  expect(worked.calls).toEqual(["web_search: capital of France", "web_search: France capital"]);
  expect(worked.answer).toContain("search is down");
});

test("without tools it does sums in its head and says what it can't look up", async () => {
  const sum = await work(bench.sdk, ask("What is 6 * 7?"), runTool);
  expect(sum.answer).toContain("42");
  const fact = await work(bench.sdk, ask("What is the capital of France?"), runTool);
  expect(fact.answer).toContain("no `web_search` tool");
});

test("a note that the budget runs low makes it finish with what it has", async () => {
  const reply = await bench.sdk.messages.create({
    ...ask(HEADLINE, { tools: [CALCULATOR, SEARCH] }),
    messages: [
      { role: "user", content: HEADLINE },
      { role: "system", content: "80 % of the budget is used: wrap up." },
    ],
  });
  expect(reply.stop_reason).toBe("end_turn");
  expect(reply.content.at(-1)).toMatchObject({ text: expect.stringContaining("told to finish") });
});

test("asked for a summary it writes down what it knows, and goes on from that", async () => {
  const task = "What is 12.5% of 340?";
  const calls = [
    {
      type: "tool_use" as const,
      id: "a",
      name: "calculator",
      input: { expression: "(12.5 / 100) * 340" },
    },
  ];
  const open = [
    { type: "tool_use" as const, id: "b", name: "calculator", input: { expression: "1 + 1" } },
  ];
  const summary = await bench.sdk.messages.create({
    ...ask("", { tools: [CALCULATOR] }),
    messages: [
      { role: "user", content: task },
      { role: "assistant", content: calls },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "42.5" }] },
      { role: "assistant", content: open },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "b",
            content: "[This answer follows after the summary.]",
          },
          { type: "text", text: "This will go on from a summary, which you write now." },
        ],
      },
    ],
  });
  const said = summary.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
  expect(said.join("")).toContain("42.5");
  expect(said.join("")).not.toContain("1 + 1");
  const after = await bench.sdk.messages.create({
    ...ask("", { tools: [CALCULATOR] }),
    messages: [
      { role: "user", content: task },
      { role: "assistant", content: said.join("") },
      { role: "user", content: "Go on from your summary above." },
    ],
  });
  expect(after.stop_reason).toBe("end_turn");
  expect(JSON.stringify(after.content)).toContain("is 42.5.");
});

test("a tool that the task names is called with the JSON it gives", async () => {
  const note = { ...SEARCH, name: "write_note", input_schema: { type: "object" as const } };
  const worked = await work(
    bench.sdk,
    ask('Call write_note with {"text": "a {brace} inside"} please.', { tools: [note] }),
    (_, input) => `saved ${String(input["text"])}`,
  );
  expect(worked.calls).toEqual(["write_note: a {brace} inside"]);
  expect(worked.answer).toContain("saved a {brace} inside");
});

test("a user's own tool is called when the task is about it and fills its inputs", async () => {
  const weather = {
    name: "get_weather",
    description: "Weather of a city.",
    input_schema: {
      type: "object" as const,
      properties: { city: { type: "string" } },
      required: ["city"],
    },
  };
  const worked = await work(
    bench.sdk,
    ask("What is the weather in Paris?", { tools: [weather, SEARCH] }),
    () => "21 °C",
  );
  expect(worked.calls).toEqual(["get_weather: Paris"]);
  expect(worked.answer).toContain("21 °C");
});

test("an answer comes as JSON where the request asks for a schema", async () => {
  const schema = {
    type: "object",
    properties: { value: { type: "number" }, note: { type: "string" } },
  };
  const worked = await work(
    bench.sdk,
    ask("What is 6 * 7?", { output_config: { format: { type: "json_schema", schema } } }),
    runTool,
  );
  expect(JSON.parse(worked.answer)).toMatchObject({ value: 42 });
});
