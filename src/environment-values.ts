// Values of the environment that more than one place has an opinion on: checked where they are read, so that
// no lower layer has to complain of them, with a secret in its complaint and a hold in the ledger.

import { z } from "zod";
import { domainsIn } from "./outbound/domains.ts";
import { unsendableIn } from "./domain/header-text.ts";

/** A key that goes out as a header. */
export const headerText = z.string().superRefine((value, context) => {
  const wrong = unsendableIn(value);
  if (wrong !== null) context.addIssue({ code: "custom", message: wrong });
});

/** One of a few words; said in ours, as a schema's own complaint is for those who wrote the schema. */
export function oneOf<const Few extends readonly [string, string, ...string[]]>(words: Few) {
  return z.enum(words, `it is one of ${words.join(", ")}`);
}

const NAME = "it has at most 64 characters";

/** Who pays, and what a run belongs to. */
export const payerName = z.string().min(1, NAME).max(64, NAME);

/** Where requests go: nothing in it that `fetch` would refuse after the ledger has set money aside for it. */
export const baseUrl = z.string().superRefine((value, context) => {
  const wrong = wrongInBaseUrl(value);
  if (wrong !== null) context.addIssue({ code: "custom", message: wrong });
});

/** Domains, and origins of servers: see outbound/domains.ts. */
export const domainEntries = z
  .array(z.string())
  .refine(
    (entries) => domainsIn(entries) !== null,
    "it looks like example.com,münchen.example,https://erp.example.com:8443",
  );

/** Where people and programs go: a path or a fragment of ours follows it, and it is printed and logged. */
export const placeUrl = z.string().transform((value, context) => {
  const wrong = wrongInPlaceUrl(value);
  if (wrong === null) return new URL(value).href.replace(/\/+$/, "");
  context.addIssue({ code: "custom", message: wrong });
  return z.NEVER;
});

function wrongInPlaceUrl(value: string): string | null {
  return wrongInHttpUrl(value, {
    example: "https://agents.example.com/pawl",
    withUser: "it holds a user or a password, and everybody is shown it",
  });
}

interface Words {
  readonly example: string;
  readonly withUser: string;
}

function wrongInHttpUrl(value: string, { example, withUser }: Words): string | null {
  if (!URL.canParse(value)) return `it is no URL, such as ${example}`;
  const url = new URL(value);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return "it begins with https:// or http://";
  if (url.username !== "" || url.password !== "") return withUser;
  // An empty one too: it is in no part of the URL, and yet what follows is behind it.
  return /[?#]/.test(value) ? "it has a ? or a #, behind which no path can follow" : null;
}

function wrongInBaseUrl(value: string): string | null {
  const wrong = wrongInHttpUrl(value, {
    example: "https://api.anthropic.com",
    withUser: "it holds a user or a password, which no request may carry: use ANTHROPIC_API_KEY",
  });
  if (wrong !== null) return wrong;
  const url = new URL(value);
  if (BAD_PORTS.has(Number(url.port)))
    return `no request may go to port ${url.port} (Fetch Standard)`;
  return null;
}

/** Ports that `fetch` never opens: https://fetch.spec.whatwg.org/#port-blocking */
const BAD_PORTS: ReadonlySet<number> = new Set([
  ...[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102,
  ],
  ...[
    103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465,
  ],
  ...[
    512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993,
  ],
  ...[
    995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
  ],
  ...[6669, 6679, 6697, 10080],
]);
