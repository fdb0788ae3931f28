// Loads the project folders that it is told of, as a worker does, and prints what came of each as JSON. A process of
// its own: jest loads modules in its own way, which is not what a worker does.

const dirs = process.argv.slice(2);
const ours = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url).href);
const [{ loadProject }, { mistakeText }, { SHIPPED_MODELS }, { defineTool }] = await Promise.all([
  ours("project/load-project.js"),
  ours("project/mistake.js"),
  ours("domain/model-table.js"),
  ours("library/index.js"),
]);
const around = {
  models: SHIPPED_MODELS,
  builtIn: [{ name: "calculator" }, { name: "write_file" }],
  elsewhere: ["github__*"],
};
for (const dir of dirs) {
  const { agents, tools, mistakes } = await loadProject(dir, around);
  const seen = {
    agents: agents.map(({ definition }) => definition),
    tools: tools.map(({ tool }) => tool.spec.name),
    mistakes: mistakes.map(mistakeText),
    // A tool that was made by another `defineTool` would not find its own.
    isOneIdentity:
      Reflect.get(globalThis, "seenDefineTool")?.every((one) => one === defineTool) ?? false,
  };
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}
process.exit(0);
