// The `.env` of the working directory. What the environment says wins, also where it says "": so a setting of
// the file can be switched off for one command. The folder may be somebody else's work, so of the file only
// settings of Pawl count, and no key of yours goes to an address that it names.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { fileTroubleIn } from "../domain/file-trouble.ts";
import { PawlError } from "../domain/errors.ts";
import { badLineIn, SAVE_AS_UTF8, utf8 } from "../domain/utf8.ts";

const OURS = /^(PAWL_|ANTHROPIC_|TEMPORAL_|OTEL_|DATABASE_URL(_FILE)?$)/;
/** Of libpq, what Pawl reads (src/environment.ts, which takes too long to load for a look at a file). */
const LIBPQ =
  /^PG(HOST|HOSTADDR|PORT|USER|PASSWORD|PASSWORD_FILE|DATABASE|OPTIONS|APPNAME|CONNECT_TIMEOUT|TARGETSESSIONATTRS|LOADBALANCEHOSTS|SSL(MODE|ROOTCERT|CERT|KEY|CRL|NEGOTIATION|MINPROTOCOLVERSION|MAXPROTOCOLVERSION))$/;

const DATABASE_SECRETS = ["PGPASSWORD", "PGPASSWORD_FILE", "DATABASE_URL", "DATABASE_URL_FILE"];

const namesOfKey = (name: string): readonly string[] => [name, `${name}_FILE`];

/** An address, and the secrets that would be sent there. */
const ADDRESSES: readonly (readonly [string, readonly string[]])[] = [
  [
    "ANTHROPIC_BASE_URL",
    [...namesOfKey("ANTHROPIC_API_KEY"), ...namesOfKey("ANTHROPIC_AUTH_TOKEN")],
  ],
  ["TEMPORAL_ADDRESS", ["TEMPORAL_API_KEY"]],
  ["DATABASE_URL", ["PGPASSWORD", "PGPASSWORD_FILE"]],
  // Also what only says how to go there: with less proof, or in another's name.
  ...["PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGSSLMODE", "PGSSLROOTCERT"].map(
    (name) => [name, DATABASE_SECRETS] as const,
  ),
];

/** Empty where there is none. Throws PawlError FILE_UNUSABLE or CONFIG. */
export function readDotEnv(folder: string): string {
  const file = join(folder, ".env");
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    // Some keep a folder by that name.
    if (NONE.includes(codeOf(error))) return "";
    const why = fileTroubleIn(error, file);
    throw why === null ? error : new PawlError("FILE_UNUSABLE", why, { cause: error });
  }
  const text = utf8(bytes);
  if (text !== null) return text;
  const message = `${file}: line ${badLineIn(bytes)} is not UTF-8.`;
  throw new PawlError("CONFIG", message, { next: SAVE_AS_UTF8 });
}

const NONE: readonly string[] = ["ENOENT", "EISDIR", "ENOTDIR"];

/** By shape: errors of Node's own modules belong to another realm under jest. */
function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

/** What the file adds to the environment. Throws PawlError CONFIG. */
export function addedBy(text: string, env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const added: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if ((OURS.test(name) || LIBPQ.test(name)) && env[name] === undefined && value !== undefined)
      added[name] = value;
  }
  for (const [address, secrets] of ADDRESSES) {
    const theirs = secrets.find((name) => (env[name] ?? "") !== "");
    if ((added[address] ?? "") === "" || theirs === undefined) continue;
    throw new PawlError(
      "CONFIG",
      `.env names an ${address}, and ${theirs} comes from your environment: it would be sent there.`,
      { next: "write both into .env, or set both in the environment" },
    );
  }
  return added;
}
