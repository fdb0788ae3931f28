// Secrets that tools use by their names, each with the servers that it is for. A model writes `{{secret:CRM_TOKEN}}`;
// the value is put in its place as the request leaves, and nowhere else.

import { z } from "zod";
import { unsendableIn } from "./domain/header-text.ts";
import { domainEntries } from "./environment-values.ts";

export interface ToolSecret {
  readonly value: string;
  /** Domains and origins, as in PAWL_ALLOWED_DOMAINS. */
  readonly for: readonly string[];
}

/** A shorter one would not be found again in what comes back. */
const CHARS_MIN = 8;

const bySecretName = z.record(
  z.string().regex(/^[A-Za-z]\w{0,63}$/),
  z.strictObject({
    value: z
      .string()
      .min(CHARS_MIN)
      .refine((value) => unsendableIn(value.replaceAll(" ", "_")) === null),
    for: domainEntries.min(1),
  }),
);

const SHAPE = `it is JSON like {"CRM_TOKEN": {"value": "…", "for": ["https://crm.example.com"]}}, each value of ${CHARS_MIN} characters or more that a header can carry`;

/** Complains in its own words: zod's would hold what is secret. */
export const toolSecrets = z
  .string()
  .transform((text, context): Readonly<Record<string, ToolSecret>> => {
    const read = bySecretName.safeParse(parsed(text));
    if (read.success) return read.data;
    context.addIssue({ code: "custom", message: SHAPE });
    return z.NEVER;
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
