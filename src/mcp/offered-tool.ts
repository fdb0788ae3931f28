// Which tools of a server can be offered to a model at all. One schema that the API refuses would make it refuse every
// request that offers it, and so end runs that never call the tool: what doesn't fit is left out, and said.

import { Ajv2020 } from "ajv/dist/2020.js";
import { badPropertyKeys, PROPERTY_KEY } from "../domain/tool-schema.ts";
import { isRecord } from "./read-server.ts";
import type { DescribedTool } from "./tool-digest.ts";

export const DESCRIPTION_CHARS_MAX = 4000;
const NAME_CHARS_MAX = 512;
const SCHEMA_BYTES_MAX = 16 * 1024;
const DEPTH_MAX = 24;
const CUT = " [cut here]";

const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false });

/** Null where it can be offered. */
export function whyNotOffered(tool: DescribedTool, isHttp: boolean): string | null {
  const { name, inputSchema: schema, annotations } = tool;
  if (name === "" || name.length > NAME_CHARS_MAX) return `its name has ${name.length} letters`;
  if (!isRecord(schema)) return "it has no schema of its arguments";
  if (isTooDeep([schema, annotations])) return `its schema is more than ${DEPTH_MAX} levels deep`;
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > SCHEMA_BYTES_MAX)
    return `its schema has ${bytes} bytes; ${SCHEMA_BYTES_MAX} are possible`;
  if (schema["type"] !== "object") return "its arguments are no object";
  const [choice] = ["anyOf", "oneOf", "allOf"].filter((word) => word in schema);
  if (choice !== undefined) return `its schema begins with ${choice}, which the API does not take`;
  const [key] = badPropertyKeys(schema);
  if (key !== undefined)
    return `the argument ${JSON.stringify(key.slice(0, 100))} must match ${PROPERTY_KEY.source}`;
  if (ajv.validateSchema(schemaFor(tool)) !== true) return `its schema is no JSON Schema 2020-12`;
  return isHttp ? badHeaderIn(schema) : null;
}

/** As the API takes it. */
export function schemaFor({ inputSchema }: DescribedTool): Readonly<Record<string, unknown>> {
  if (!isRecord(inputSchema)) return { type: "object" };
  const { $schema: _, ...schema } = inputSchema;
  return schema;
}

/** The API takes no tool without words. */
export function descriptionFor({ name, description = "" }: DescribedTool): string {
  const text = description.trim() === "" ? `The tool ${name}.` : description;
  if (text.length <= DESCRIPTION_CHARS_MAX) return text;
  return text.slice(0, DESCRIPTION_CHARS_MAX - CUT.length).toWellFormed() + CUT;
}

/** Without recursion, which a deep one would end. */
export function isTooDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= DEPTH_MAX; depth += 1) {
    level = level.flatMap((part) =>
      typeof part === "object" && part !== null ? Object.values(part) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER = "x-mcp-header";

/** Arguments that a server wants in a header as well: what is declared wrongly must not be called (SEP-2243). */
function badHeaderIn(schema: unknown): string | null {
  const seen = new Set<string>();
  const open: { readonly part: unknown; readonly isArgument: boolean }[] = [
    { part: schema, isArgument: false },
  ];
  // It grows while it is walked.
  for (const { part, isArgument } of open) {
    if (typeof part !== "object" || part === null) continue;
    if (isRecord(part) && HEADER in part) {
      const header = part[HEADER];
      const isSimple = ["string", "integer", "boolean"].includes(String(part["type"]));
      if (!isArgument || !isSimple || typeof header !== "string" || !TOKEN.test(header))
        return `it declares a header that can't be sent: ${String(header).slice(0, 100)}`;
      if (seen.has(header.toLowerCase())) return `it declares the header ${header} twice`;
      seen.add(header.toLowerCase());
    }
    for (const [word, below] of Object.entries(part)) {
      if (word === "properties" && isRecord(below))
        open.push(...Object.values(below).map((it) => ({ part: it, isArgument: true })));
      else open.push({ part: below, isArgument: false });
    }
  }
  return null;
}
