// Errors of what Pawl stands on (files, the user's account, Temporal) as errors of the catalogue: they are
// nobody's defect but a setting, and say in one sentence what to do. Read by shape, since they come from many
// libraries and, under jest, from another realm. Those of Postgres are named where it is spoken to (store/database.ts).

import { isPawlError, PawlError } from "./errors.ts";
import { fileTroubleIn } from "./file-trouble.ts";

/** Null where the error says nothing about the environment. */
export function environmentFault(error: unknown): PawlError | null {
  for (const cause of chainOf(error)) {
    if (isPawlError(cause)) return cause;
    const fault =
      loginFault(cause) ?? namespaceFault(cause) ?? folderFault(cause) ?? fileFault(cause);
    if (fault !== null) return fault;
  }
  return null;
}

const CAUSES_MAX = 5;

function chainOf(error: unknown): readonly object[] {
  const chain: object[] = [];
  let next = error;
  while (typeof next === "object" && next !== null && chain.length < CAUSES_MAX) {
    chain.push(next);
    next = "cause" in next ? next.cause : undefined;
  }
  return chain;
}

const NO_NAMESPACE = [
  /\bnamespace:? "?([\w.@-]+)"? (?:is |was )?not found/i,
  /\bnamespace not found: '([\w.@-]+)'/i,
];

/** Temporal's own word, in gRPC's errors, in those of its client and in those of Core. */
export function namespaceFault(error: object): PawlError | null {
  const said = textIn(error, "message");
  const found = NO_NAMESPACE.map((words) => words.exec(said)).find((match) => match !== null);
  if (found === undefined) return null;
  const message = `The Temporal server has no namespace ${found[1] ?? ""}`;
  return new PawlError("NAMESPACE_NOT_FOUND", message, { cause: error });
}

/** Of gRPC: permission denied, unauthenticated. */
const REFUSALS: readonly unknown[] = [7, 16];

/** The same as Core words it, also where it then says that there is no namespace. */
const CORE_REFUSALS =
  /code: (PermissionDenied|Unauthenticated)\b|caller does not have permission to execute|valid authentication credentials for/;

/** Temporal knows neither the key nor the certificate of who asks, or they may not do this. */
export function loginFault(error: object, server = "Temporal"): PawlError | null {
  const said = textIn(error, "message");
  if (!REFUSALS.includes(Reflect.get(error, "code")) && !CORE_REFUSALS.test(said)) return null;
  const why = textIn(error, "details") || (/message: "([^"]*)"/.exec(said)?.[1] ?? said);
  const message =
    `${server} refuses this login: ${why.replace(/\.$/, "")}. It goes by TEMPORAL_API_KEY, ` +
    "or else by TEMPORAL_TLS_CLIENT_CERT_PATH, and may hold for some namespaces alone";
  return new PawlError("TEMPORAL_LOGIN", message, { cause: error });
}

function folderFault(error: object): PawlError | null {
  const said = textIn(error, "message");
  if (/uv_cwd/.test(said)) {
    const message = "The current folder is not there any more";
    return new PawlError("FILE_UNUSABLE", message, { cause: error });
  }
  if (!/uv_os_homedir|uv_os_get_passwd/.test(said)) return null;
  const message = "This user has no home folder, and HOME is not set";
  return new PawlError("FILE_UNUSABLE", message, { cause: error });
}

/** Of what is done with a file that is open: nobody knows its name then. */
const WITHOUT_PATH: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS", "EISDIR"];

function fileFault(error: object): PawlError | null {
  if (textIn(error, "syscall") === "spawn") return null;
  const isNameless = WITHOUT_PATH.includes(textIn(error, "code")) && textIn(error, "path") === "";
  const message = fileTroubleIn(error, isNameless ? "A file" : undefined);
  return message === null ? null : new PawlError("FILE_UNUSABLE", message, { cause: error });
}

function textIn(error: object, field: string): string {
  const value: unknown = Reflect.get(error, field);
  return typeof value === "string" ? value : "";
}
