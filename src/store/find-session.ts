// A session at the first of several places that gives one of the kind that is asked for (PostgreSQL,
// "Specifying Multiple Hosts"), with TLS and without as sslmode allows.

import { codeOf } from "../domain/error-code.ts";
import { isPawlError, PawlError, type ErrorCode } from "../domain/errors.ts";
import { nameOf, type DatabaseAccess, type Place, type SessionKind } from "../conninfo/access.ts";
import { failureOf } from "./failures.ts";
import type { Way } from "./open-socket.ts";
import { openSession, type OpenedSession, type Session } from "./session.ts";
import { isAboutTls } from "./tls-failures.ts";

/** Rejects with PawlError, or with what is no fault of the way there. */
export async function findSession(access: DatabaseAccess, signal: AbortSignal): Promise<Session> {
  const failures: PawlError[] = [];
  const kinds: readonly SessionKind[] =
    access.session === "prefer-standby" ? ["standby", "any"] : [access.session];
  for (const kind of kinds) {
    for (const place of inOrder(access)) {
      const found = await tryAt(place, kind, { access, signal });
      if (!isPawlError(found)) return found;
      failures.push(found);
    }
  }
  throw joined(failures);
}

interface Terms {
  readonly access: DatabaseAccess;
  readonly signal: AbortSignal;
}

/** Gives back why the next place may be tried. */
async function tryAt(place: Place, kind: SessionKind, terms: Terms): Promise<Session | PawlError> {
  try {
    const session = await openAt(place, terms);
    if (suits(session, kind)) return session;
    session.close();
    return unsuited(place, kind);
  } catch (error) {
    const failure = failureOf(error, terms.access, place);
    // Where the door was shut in our face, the others know us no better.
    if (isPawlError(failure) && !isFinal(failure.code)) return failure;
    throw failure;
  }
}

function isFinal(code: ErrorCode): boolean {
  return code === "DATABASE_LOGIN" || code === "CONFIG";
}

function inOrder({ places, isShuffled }: DatabaseAccess): readonly Place[] {
  if (!isShuffled) return places;
  return places
    .map((place) => ({ place, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ place }) => place);
}

async function openAt(place: Place, terms: Terms): Promise<OpenedSession> {
  const [first, second] = waysOf(place, terms.access);
  try {
    return await openSession(place, first, terms);
  } catch (error) {
    if (second === undefined || !mayGoBetter(error)) throw error;
    return await openSession(place, second, terms).catch((other: unknown) => {
      throw codeOf(other) === "NO_TLS" ? error : other;
    });
  }
}

function waysOf(place: Place, { tls }: DatabaseAccess): readonly [Way, Way?] {
  if (place.kind === "socket" || tls.mode === "disable") return ["plain"];
  if (tls.mode === "prefer") return ["tls or plain", "plain"];
  return tls.mode === "allow" ? ["plain", "tls"] : ["tls"];
}

/** TLS failed, or the server has no line in pg_hba.conf for whoever comes this way. */
function mayGoBetter(error: unknown): boolean {
  return isAboutTls(error) || codeOf(error) === "28000";
}

function suits({ isStandby, isReadOnly }: OpenedSession, kind: SessionKind): boolean {
  switch (kind) {
    case "any":
    case "prefer-standby":
      return true;
    case "read-write":
      return !isReadOnly;
    case "read-only":
      return isReadOnly;
    case "primary":
      return !isStandby;
    case "standby":
      return isStandby;
  }
}

function unsuited(place: Place, kind: SessionKind): PawlError {
  const what = `it is not what target_session_attrs=${kind} asks for`;
  return new PawlError("LEDGER_UNAVAILABLE", `Postgres at ${nameOf(place)}: ${what}`);
}

/** Of several places all are told; what may pass at one of them may pass. */
function joined(failures: readonly PawlError[]): PawlError {
  const [first] = failures;
  if (first === undefined) return new PawlError("LEDGER_UNAVAILABLE", "no place was tried");
  if (failures.length === 1) return first;
  const isAlike = failures.every(({ code }) => code === first.code);
  const told = [...new Set(failures.map(({ message }) => message))].join("; ");
  return new PawlError(isAlike ? first.code : "LEDGER_UNAVAILABLE", told, {
    cause: first,
    ...(isAlike && first.next !== null ? { next: first.next } : {}),
  });
}
