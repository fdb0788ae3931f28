// The API's rules on the schema of a tool's arguments, beyond JSON Schema itself. It refuses every request that
// offers such a tool, so a definition is held against them before any run has it.

export const PROPERTY_KEY = /^[a-zA-Z0-9_.-]{1,64}$/;

/** Where schemas lie in a schema, by name. */
const BY_NAME = ["properties", "$defs", "definitions", "patternProperties", "dependentSchemas"];
const IN_A_LIST = ["anyOf", "allOf", "oneOf", "prefixItems"];
const ALONE = [
  "items",
  "additionalProperties",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
];

/** Names of properties that the API does not take, at any depth, as paths: `filter.items.$top`. */
export function badPropertyKeys(schema: unknown): readonly string[] {
  const bad: string[] = [];
  const open: { readonly schema: unknown; readonly path: string }[] = [{ schema, path: "" }];
  // It grows while it is walked.
  for (const { schema: part, path } of open) {
    if (!isRecord(part)) continue;
    const properties = Object.keys(recordAt(part, "properties"));
    bad.push(...properties.filter((key) => !PROPERTY_KEY.test(key)).map((key) => path + key));
    open.push(...partsOf(part, path));
  }
  return bad;
}

function partsOf(schema: Readonly<Record<string, unknown>>, path: string) {
  const named = BY_NAME.flatMap((field) =>
    Object.entries(recordAt(schema, field)).map(([key, part]) => {
      return { schema: part, path: `${path}${key}.` };
    }),
  );
  const listed = IN_A_LIST.flatMap((field) => listAt(schema, field)).map((part) => {
    return { schema: part, path };
  });
  const alone = ALONE.map((field) => ({ schema: schema[field], path: `${path}${field}.` }));
  return [...named, ...listed, ...alone];
}

function recordAt(schema: Readonly<Record<string, unknown>>, field: string): object {
  const part = schema[field];
  return isRecord(part) ? part : {};
}

function listAt(schema: Readonly<Record<string, unknown>>, field: string): readonly unknown[] {
  const part: unknown = schema[field];
  return Array.isArray(part) ? part : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
