// Who may import whom: for each folder, or file, what it may use at run time, what only when it is needed, and
// what only as types. Of two entries for a file the longer one holds. What is not named is forbidden, and
// what nobody uses any more is to be taken out.

import type { Import } from "./imports.ts";

interface Allowed {
  readonly values: readonly string[];
  /** By `import()`: what a command that does not need it shall not wait for. */
  readonly lazy?: readonly string[];
  readonly types?: readonly string[];
  /** A program of its own: who may import the folder around it may not import this. */
  readonly apart?: true;
}

/** The part of the door to Temporal that says names alone. */
const TEMPORAL_NAMES = [
  "src/temporal/names.ts",
  "src/temporal/columns.ts",
  "src/temporal/run-start.ts",
];
const QUEUES = "src/temporal/queues.ts";

/** What people are shown of arguments is one rule for the terminal and for the page. */
const SHOWN_ALIKE = [
  "src/domain/args-digest.ts",
  "src/domain/form.ts",
  "src/domain/shown-arguments.ts",
  "src/domain/shown-text.ts",
  "src/domain/tool-call.ts",
];

const SELF = ["src/package-root.ts", "src/package-version.ts"];

export const BOUNDARIES: Readonly<Record<string, Allowed>> = {
  workflows: {
    values: ["src/domain", ...TEMPORAL_NAMES, QUEUES, "@temporalio/workflow"],
    types: ["activities", "src/telemetry", "@temporalio/common"],
  },
  activities: {
    values: [
      ...["src/domain", "src/files", "src/mcp", "src/model", "src/outbound", "src/store"],
      ...["src/config.ts", "src/failpoint.ts", "src/package-version.ts", "src/sandbox"],
      ...["src/temporal/payloads.ts", "@temporalio/activity", "node:"],
    ],
    types: [
      ...["src/telemetry", "src/tool-secrets.ts", "@temporalio/client", "@temporalio/common"],
    ],
  },
  "activities/tools": {
    values: [
      ...["src/domain", "src/corpus", "src/files", "src/outbound", "src/sandbox/sandbox.ts"],
      ...["expr-eval-fork", "node:", "zod"],
    ],
    types: ["src/telemetry", "src/sandbox"],
  },
  "activities/page-reader": {
    values: [
      ...["src/package-root.ts", "@mozilla/readability", "linkedom", "parse5", "turndown"],
      ...["unpdf", "node:"],
    ],
  },

  "src/domain": { values: [] },
  "src/temporal": {
    values: [
      ...["src/domain", "@temporalio/client", "@temporalio/common", "@temporalio/envconfig"],
      ...["@temporalio/proto", "@temporalio/worker", "node:"],
    ],
  },
  "src/temporal/names.ts": { values: [] },
  "src/temporal/columns.ts": { values: [] },
  "src/temporal/lenient-converter.ts": { values: ["@temporalio/common"] },
  [QUEUES]: { values: [], types: ["src/domain"] },
  "src/temporal/run-start.ts": { values: ["src/temporal/columns.ts"], types: ["src/domain"] },
  "src/files": { values: ["src/domain", "node:"] },
  "src/process": { values: ["src/domain", "node:"], types: ["src/config.ts"] },
  "src/telemetry": {
    values: ["src/domain", "src/process/make-folder.ts", "node:", "pino"],
    types: ["src/config.ts"],
  },
  "src/model": { values: ["src/domain", "@anthropic-ai/sdk", "node:"] },
  "src/outbound": { values: ["src/domain", "node:"] },
  "src/mcp/tool-names.ts": { values: ["node:"] },
  "src/mcp": {
    values: ["src/domain", "src/outbound", "@modelcontextprotocol/client", "ajv", "node:"],
  },
  "src/sandbox": {
    values: [
      ...["src/domain", "src/process/home.ts", "src/package-root.ts", "node:", "zod", "koffi"],
      ...["quickjs-emscripten-core", "@jitl/quickjs-wasmfile-release-sync"],
    ],
  },
  "src/store": { values: ["src/conninfo", "src/domain", ...SELF, "node:", "postgres"] },
  "src/conninfo": { values: [] },
  "src/corpus": { values: ["src/package-root.ts", "minisearch", "node:", "zod"] },
  "src/client": {
    values: [
      ...["src/domain", "src/store", "src/config.ts", ...TEMPORAL_NAMES],
      ...["src/temporal/access.ts", "src/temporal/client-connection.ts", "src/temporal/pollers.ts"],
      ...["src/temporal/payloads.ts", "src/temporal/search-attributes.ts"],
      ...["src/temporal/pinned-runs.ts", "src/temporal/store-read.ts"],
      ...["@temporalio/client", "@temporalio/common", "ajv", "node:", "uuid", "zod"],
    ],
    types: ["@temporalio/proto"],
  },
  "src/gateway": {
    values: [
      ...["src/client", "src/domain", "src/process", "src/store", "src/telemetry", "src/config.ts"],
      ...SELF,
      ...[
        "src/outbound",
        "@hono/node-server",
        "@hono/zod-openapi",
        "@opentelemetry/exporter-prometheus",
      ],
      ...["@opentelemetry/sdk-metrics", "node:", "rate-limiter-flexible", "uuid"],
    ],
    types: ["hono", "zod"],
  },
  "src/gateway/routes": {
    values: [
      ...["src/gateway", "src/client", "src/domain", "src/store"],
      ...["@hono/node-server", "@hono/zod-openapi"],
    ],
  },
  "src/gateway/page": { values: SHOWN_ALIKE, types: ["src/domain"], apart: true },
  "src/gateway/page/assemble.mjs": { values: ["node:"] },
  "src/cli": {
    values: [
      ...["src/client", "src/domain", "src/process", "commander", "node:", "yocto-spinner", "zod"],
    ],
    lazy: [
      ...["src/config.ts", "src/dev", "src/gateway", "src/store", "src/telemetry", "src/worker"],
      ...["src/package-version.ts", "src/project"],
    ],
    types: ["src/config.ts", "src/dev", "src/project", "src/store"],
  },
  "src/worker": {
    values: [
      ...["activities", "src/domain", "src/model", "src/outbound", "src/process", "src/store"],
      ...["src/project", "src/sandbox", "src/telemetry", "src/temporal", "src/config.ts"],
      "src/package-root.ts",
      ...["@temporalio/common", "@temporalio/worker", "node:"],
    ],
  },
  "src/dev": {
    values: [
      ...["src/domain", "src/files", "src/mcp", "src/outbound", "src/process", "src/sandbox"],
      ...["src/store", "src/telemetry", "src/temporal", "src/config.ts"],
      ...["src/database-access.ts", ...SELF, "node:", "zod"],
      ...["@electric-sql/pglite", "@electric-sql/pglite-socket"],
    ],
    types: ["@temporalio/client"],
  },
  "src/library/index.ts": {
    values: ["activities/tools", "src/domain", "src/library", "src/project/define-agent.ts", "zod"],
    types: ["activities/agents.ts"],
  },
  "src/library": {
    values: [
      ...["activities/agents.ts", "src/config.ts", "src/domain", "src/package-root.ts"],
      ...["src/telemetry", "src/temporal", "src/worker", "node:"],
    ],
    lazy: ["src/client", "src/dev"],
    types: ["activities/tool-sources", "@temporalio/worker"],
  },
  "src/testing": {
    values: ["src/dev", "src/domain", "src/library", "node:"],
    types: ["offline-model"],
  },
  "src/config.ts": {
    values: [
      ...["src/domain", "src/database-access.ts", "src/environment.ts", "src/unknown-settings.ts"],
      ...["src/models-file.ts", "src/project-dir.ts", "node:"],
    ],
    types: ["src/conninfo", "zod"],
  },
  "src/database-access.ts": { values: ["src/environment.ts", "src/conninfo"] },
  "src/environment.ts": {
    values: [
      ...["src/domain", "src/environment-values.ts", "src/models-file.ts", "src/tool-secrets.ts"],
      ...[QUEUES, "src/project-dir.ts", "node:", "zod"],
    ],
  },
  "src/project": {
    values: [
      ...["activities", "src/domain", "src/mcp/tool-names.ts", "src/package-root.ts"],
      ...["node:", "zod", "@swc/wasm-typescript", "yaml"],
    ],
    types: ["src/config.ts", "src/telemetry"],
  },
  "src/project-dir.ts": { values: ["node:"] },
  "src/sandbox/sandbox.ts": { values: [], types: ["src/domain"] },
  "src/models-file.ts": { values: ["src/domain", "node:", "zod"] },
  "src/environment-values.ts": { values: ["src/domain", "src/outbound/domains.ts", "zod"] },
  "src/tool-secrets.ts": { values: ["src/domain", "src/environment-values.ts", "zod"] },
  "src/unknown-settings.ts": { values: ["src/domain"] },
  "src/failpoint.ts": { values: [] },
  "src/package-root.ts": { values: ["node:"] },
  "src/package-version.ts": { values: ["src/package-root.ts", "node:", "zod"] },

  "offline-model": {
    values: [
      ...["src/corpus", "src/domain", "src/package-root.ts"],
      ...["ajv", "expr-eval-fork", "node:", "zod"],
    ],
    types: ["@anthropic-ai/sdk"],
  },
  "offline-model/generate-schema.mjs": { values: ["node:", "ts-json-schema-generator"] },
  examples: { values: ["activities", "src/client", "src/config.ts", "zod"] },
  bench: {
    values: [
      ...["test", "src/domain", "src/store", "src/temporal", "src/worker", "src/package-root.ts"],
      ...["@anthropic-ai/sdk", "@temporalio/worker", "@temporalio/workflow", "node:", "prettier"],
    ],
    types: ["@temporalio/client", "@temporalio/proto"],
  },
  bin: { values: ["node:"] },
  ".ci": { values: ["node:"] },
};

/** The entry that holds for a file; null of one that lies where nobody has said anything. */
export function homeOf(path: string): string | null {
  const homes = Object.keys(BOUNDARIES).filter((home) => isWithin(path, home));
  return homes.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

export function isAllowed({ from, to, kind }: Import): boolean {
  const home = homeOf(from);
  if (home === null) return false;
  return [home, ...allowedIn(home, kind)].some((place) => covers(place, to));
}

export function covers(place: string, path: string): boolean {
  const home = homeOf(path);
  const isApart = home !== null && BOUNDARIES[home]?.apart === true;
  return isWithin(path, place) && (!isApart || isWithin(place, home));
}

function allowedIn(home: string, kind: Import["kind"]): readonly string[] {
  const { values, lazy = [], types = [] } = BOUNDARIES[home] ?? { values: [] };
  switch (kind) {
    case "value":
      return values;
    case "lazy":
      return [...values, ...lazy];
    case "type":
      return [...values, ...lazy, ...types];
  }
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
