// Generates messages.schema.json from the SDK's own type of a Messages request, so that the offline
// model refuses what the API refuses. Run it again with every new version of the SDK:
//   node offline-model/generate-schema.mjs
// Unions of objects become discriminated ones: an error then names the field that is wrong, instead
// of listing why none of twenty alternatives fits.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";

const TAGS = ["type", "role"];

const sdk = createRequire(import.meta.url).resolve("@anthropic-ai/sdk/resources/messages/messages");
const schema = createGenerator({
  path: sdk.replace(/\.m?js$/, ".d.ts"),
  type: "MessageCreateParamsBase",
  additionalProperties: false,
  skipTypeCheck: true,
  sortProps: true,
  jsDoc: "none",
}).createSchema("MessageCreateParamsBase");

const definitionOf = (branch) => schema.definitions[branch.$ref?.replace("#/definitions/", "")];

const isTagged = (branch, tag) => {
  const definition = definitionOf(branch);
  return definition?.properties?.[tag]?.const !== undefined && definition.required?.includes(tag);
};

const discriminated = (tag, branches) => ({
  type: "object",
  required: [tag],
  discriminator: { propertyName: tag },
  oneOf: branches,
});

function rewrite(node) {
  if (Array.isArray(node)) return node.map(rewrite);
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, rewrite(value)]),
  );
  if (!Array.isArray(copy.anyOf) || copy.anyOf.length < 2) return copy;
  const tag = TAGS.find((name) => copy.anyOf.every((branch) => isTagged(branch, name)));
  if (tag !== undefined) return discriminated(tag, copy.anyOf);
  const [first, ...others] = copy.anyOf;
  if (first.$ref === "#/definitions/Tool" && others.every((branch) => isTagged(branch, "type"))) {
    return {
      if: { properties: { type: { enum: ["custom", null] } } },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: first,
      else: discriminated("type", others),
    };
  }
  return copy;
}

schema.definitions = Object.fromEntries(
  Object.entries(schema.definitions).map(([name, definition]) => [name, rewrite(definition)]),
);
const target = fileURLToPath(new URL("messages.schema.json", import.meta.url));
writeFileSync(target, `${JSON.stringify(schema)}\n`);
