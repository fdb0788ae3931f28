// The first gate: the request has exactly the fields that the API knows, in the shapes it knows.
// The schema is generated from the SDK's types (generate-schema.mjs).

import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { packageFile } from "../src/package-root.ts";
import { invalidRequest, type ApiError } from "./api-error.ts";
import type { CountTokensRequest, MessagesRequest } from "./request.ts";

interface ObjectSchema {
  readonly properties: Readonly<Record<string, object>>;
  readonly required: readonly string[];
}

/** Fields that only make sense where a reply is generated. */
const REPLY_FIELDS = ["max_tokens", "metadata", "stop_sequences", "stream", "service_tier"];

let compiled: Validators | undefined;

interface Validators {
  readonly messages: ValidateFunction<MessagesRequest>;
  readonly countTokens: ValidateFunction<CountTokensRequest>;
}

export function parseMessagesRequest(body: unknown): MessagesRequest {
  const { messages } = validators();
  if (messages(body)) return body;
  throw schemaError(messages.errors ?? []);
}

export function parseCountTokensRequest(body: unknown): CountTokensRequest {
  const { countTokens } = validators();
  if (countTokens(body)) return body;
  throw schemaError(countTokens.errors ?? []);
}

function validators(): Validators {
  compiled ??= compile();
  return compiled;
}

function compile(): Validators {
  const file = packageFile("offline-model/messages.schema.json");
  const schema: { definitions: { MessageCreateParamsBase: ObjectSchema } } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  const base = schema.definitions.MessageCreateParamsBase;
  const ajv = new Ajv({ discriminator: true, allErrors: true, strict: false });
  ajv.addSchema(schema, "sdk");
  const countTokens = {
    $id: "countTokens",
    ...base,
    properties: Object.fromEntries(
      Object.entries(base.properties)
        .filter(([name]) => !REPLY_FIELDS.includes(name))
        .map(([name]) => [
          name,
          { $ref: `sdk#/definitions/MessageCreateParamsBase/properties/${name}` },
        ]),
    ),
    required: base.required.filter((name) => !REPLY_FIELDS.includes(name)),
  };
  return {
    messages: ajv.compile<MessagesRequest>({ $ref: "sdk#/definitions/MessageCreateParamsBase" }),
    countTokens: ajv.compile<CountTokensRequest>(countTokens),
  };
}

/** The deepest complaint is about the part the caller meant; shallower ones follow from it. */
function schemaError(errors: readonly ErrorObject[]): ApiError {
  const telling = errors.filter(({ keyword }) => !["anyOf", "oneOf", "if"].includes(keyword));
  const candidates = telling.length > 0 ? telling : errors;
  const worst = candidates.reduce<ErrorObject | undefined>(
    (deepest, error) => (deepest === undefined || depth(error) > depth(deepest) ? error : deepest),
    undefined,
  );
  return invalidRequest(worst === undefined ? "the request is invalid" : describe(worst));
}

function depth(error: ErrorObject): number {
  return error.instancePath.split("/").length * 2 + (error.keyword === "type" ? 0 : 1);
}

function describe(error: ErrorObject): string {
  const at = (field?: string): string => {
    const path = error.instancePath.split("/").slice(1);
    return [...path, ...(field === undefined ? [] : [field])].join(".");
  };
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case "additionalProperties":
      return `${at(String(params["additionalProperty"]))}: Extra inputs are not permitted`;
    case "required":
      return `${at(String(params["missingProperty"]))}: Field required`;
    case "discriminator":
      return `${at()}: Input tag '${String(params["tagValue"])}' found using '${String(params["tag"])}' does not match any of the expected tags`;
    case "type":
      return `${at()}: Input should be a valid ${String(params["type"])}`;
    default:
      return `${at()}: ${error.message ?? "is invalid"}`;
  }
}
