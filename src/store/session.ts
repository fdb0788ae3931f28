// One session with PostgreSQL: a socket, a login, and an answer. It counts as open only when the server has answered
// a statement: a pooler may take the login and let whoever it has no server for wait in line.

import { userInfo } from "node:os";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import postgres from "postgres";
import { PawlError } from "../domain/errors.ts";
import type { DatabaseAccess, Place } from "../conninfo/access.ts";
import { FailedSocket } from "./failed-socket.ts";
import { closedEarly, openSocket, type Way } from "./open-socket.ts";

export interface Session {
  /** In the order in which they are asked; one that comes while another is under way is sent at once. */
  ask(text: string): Promise<readonly object[]>;
  /** Resolves when nothing more can be asked. */
  readonly closed: Promise<void>;
  /** At once: what is under way fails. */
  close(): void;
}

export class ConnectTimeoutError extends Error {
  override readonly name = "ConnectTimeoutError";
  readonly code = "CONNECT_TIMEOUT";
}

export interface OpenedSession extends Session {
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
}

const PROOF = `select pg_is_in_recovery() as "isStandby",
  current_setting('transaction_read_only') = 'on' as "isReadOnly"`;
/** The protocol's word of leave. */
const TERMINATE = Buffer.from([88, 0, 0, 0, 4]);

/** Rejects with what Node, OpenSSL, the driver or the server had against it. */
export async function openSession(
  place: Place,
  way: Way,
  { access, signal }: { readonly access: DatabaseAccess; readonly signal: AbortSignal },
): Promise<OpenedSession> {
  const aborting = new AbortController();
  const leave = (): void => aborting.abort();
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  let socket: Socket | null = null;
  let onClosed = (): void => {};
  const closed = new Promise<void>((resolve) => (onClosed = resolve));
  const open = async (): Promise<Duplex> => {
    try {
      // The driver would go on knocking at a door that is shut in its face.
      if (socket !== null) throw closedEarly();
      socket = await openSocket(place, { way, tls: access.tls, signal: aborting.signal });
      return socket;
    } catch (error) {
      return new FailedSocket(error);
    }
  };
  const sql = driverFor(place, access, { open, onClosed });
  const close = (): void => {
    aborting.abort();
    if (socket?.writable === true) socket.write(TERMINATE);
    socket?.destroySoon();
  };
  const ask = async (text: string): Promise<readonly object[]> => await sql.unsafe<object[]>(text);
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two columns of PROOF
    const [served] = (await inTime(ask(PROOF), access.connectTimeoutMs)) as readonly Omit<
      OpenedSession,
      keyof Session
    >[];
    return { ask, closed, close, isStandby: false, isReadOnly: false, ...served };
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

interface Hooks {
  readonly open: () => Promise<Duplex>;
  readonly onClosed: () => void;
}

/** The driver for one connection: it reads no environment and no URL, and has no pool of its own. */
function driverFor(place: Place, access: DatabaseAccess, { open, onClosed }: Hooks) {
  const user = access.user ?? ownName();
  const options: postgres.Options<{ bigint: postgres.PostgresType<number> }> & {
    readonly socket: () => Promise<Duplex>;
  } = {
    // What it would call the place in an error; the socket is ours.
    ...(place.kind === "socket" ? { host: "socket", path: place.path } : { host: "server" }),
    socket: open,
    user,
    // As a function, so that an empty one is not looked for in the environment.
    password: () => access.password ?? "",
    database: access.database ?? user,
    connection: access.startup,
    max: 1,
    ssl: false,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 0,
    keep_alive: access.keepAliveSeconds,
    fetch_types: false,
    prepare: false,
    onclose: onClosed,
    onnotice: () => {},
    types: { bigint: { to: 20, from: [20], serialize: String, parse: safeInteger } },
  };
  return postgres(options);
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new PawlError("CONFIG", "DATABASE_URL names no user, and this process has no name", {
      cause: error,
    });
  }
}

function safeInteger(digits: string): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw new Error(`${digits} is too large for a number`);
  return value;
}

async function inTime<T>(answer: Promise<T>, timeoutMs: number | null): Promise<T> {
  if (timeoutMs === null) return await answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new ConnectTimeoutError(`no answer to the login within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
