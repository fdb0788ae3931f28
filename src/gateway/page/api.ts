// The gateway's routes as this page uses them, and nothing else of the world. The key that a user
// typed lives in the tab's session storage and leaves it only as the Authorization header.

import type { DecidedApproval, Decision, PendingApproval } from "../../domain/approval.ts";
import type { Outcome, RunResult, RunStatus } from "../../domain/outcome.ts";
import type { Permission } from "../../domain/permission.ts";
import type { Wait } from "../../domain/run/state.ts";
import { addressOf } from "./address.ts";

export interface RunListed {
  readonly runId: string;
  readonly status: RunStatus;
  readonly outcome: string | null;
  readonly task: string;
  readonly agent: string;
  readonly costUsd: number;
  readonly free?: true;
  readonly turns: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface RunPage {
  readonly runs: readonly RunListed[];
  readonly next: string | null;
}

export interface RunShown extends Partial<Omit<RunResult, "outcome" | "runId">> {
  readonly runId: string;
  readonly status: RunStatus;
  readonly outcome: Outcome | null;
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  readonly model: string | null;
  /** How far its tools may go; null where nobody said. */
  readonly permission: Permission | null;
  readonly capUsd: number | null;
  /** While it is open. */
  readonly heldUsd?: number;
  readonly fearedUsd?: number;
  readonly link: string | null;
  readonly waiting: Wait | null;
}

export interface Cancelled {
  /** No worker polls it, so nobody hears of the cancel before one does. */
  readonly unservedQueue: string | null;
  readonly isEnded: boolean;
}

export interface Stats {
  readonly active: number;
  readonly waiting: number;
  readonly paused: number;
  readonly endedLastDay: number;
  readonly errorRate: number | null;
  readonly avgDurationMs: number | null;
  readonly spentTodayUsd: number;
  readonly capTodayUsd: number | null;
  readonly backlog: number | null;
  readonly workers: number | null;
  /** What no worker polls for. */
  readonly unserved: readonly string[];
}

export interface ApprovalWaiting extends PendingApproval {
  readonly runId: string;
  readonly agent: string;
  readonly task: string;
}

export interface ApprovalShown extends PendingApproval {
  readonly input: unknown;
}

export type DecisionOrder = Omit<Decision, "callId" | "by">;

/** What the gateway answers instead (problem+json), or that it did not answer (`status` 0). */
export class GatewayError extends Error {
  readonly status: number;
  readonly code: string;
  readonly next: string;

  constructor(status: number, code: string, message: string, next: string) {
    super(message);
    this.name = "GatewayError";
    this.status = status;
    this.code = code;
    this.next = next;
  }
}

/** Another gateway may stand at another path of this host: what is for one must not be sent to the other. */
const keyPlace = (): string => `pawl.key ${addressOf(".")}`;

export function storedKey(): string | null {
  return sessionStorage.getItem(keyPlace());
}

export function storeKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(keyPlace());
  else sessionStorage.setItem(keyPlace(), key);
  // Whether it will do is for the next answer to say.
  refused = false;
  for (const listener of listeners) listener();
}

const listeners = new Set<() => void>();

/** Told where the key changed, and where the gateway wants another one. */
export function onKeyChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let refused = false;

export function isKeyNeeded(): boolean {
  return refused;
}

export function authorized(headers: Record<string, string> = {}): Record<string, string> {
  const key = storedKey();
  return key === null ? headers : { ...headers, authorization: `Bearer ${key}` };
}

/** Any answer of the gateway says whether the key will do. */
export function heedStatus(status: number): void {
  const isRefused = status === 401;
  if (refused === isRefused || status === 0) return;
  refused = isRefused;
  for (const listener of listeners) listener();
}

export async function problemOf(response: Response): Promise<GatewayError> {
  const problem: { code?: unknown; detail?: unknown; next?: unknown } | null = await response
    .json()
    .catch(() => null);
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const message = text(problem?.detail) || `The service answered ${response.status}.`;
  return new GatewayError(response.status, text(problem?.code), message, text(problem?.next));
}

export function away(cause: unknown): GatewayError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError(0, "AWAY", `The service does not answer (${why}).`, "trying again");
}

/** A request that gets no answer within this is one that failed: the page goes on by itself. */
const ANSWER_MS = 20_000;

async function ask<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = authorized(init.body === undefined ? {} : { "content-type": "application/json" });
  const signal = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(addressOf(path), { ...init, headers, signal }).catch(
    (error: unknown) => {
      throw away(error);
    },
  );
  heedStatus(response.status);
  if (!response.ok) throw await problemOf(response);
  const answer: Answer = await response.json();
  return answer;
}

function post<Answer>(path: string, body: unknown): Promise<Answer> {
  return ask(path, { method: "POST", body: JSON.stringify(body) });
}

const of = (runId: string): string => `v1/runs/${encodeURIComponent(runId)}`;

export const api = {
  runs: (query: URLSearchParams) => ask<RunPage>(`v1/runs?${query.toString()}`),
  run: (runId: string) => ask<RunShown>(of(runId)),
  stats: () => ask<Stats>("v1/stats"),
  approvals: async () =>
    (await ask<{ approvals: readonly ApprovalWaiting[] }>("v1/approvals")).approvals,
  approval: (runId: string, callId: string) =>
    ask<ApprovalShown>(`${of(runId)}/approvals/${encodeURIComponent(callId)}`),
  decide: (runId: string, callId: string, verdict: DecisionOrder) =>
    post<DecidedApproval>(`${of(runId)}/approvals/${encodeURIComponent(callId)}`, verdict),
  steer: (runId: string, how: "pause" | "resume") => post(`${of(runId)}/${how}`, {}),
  /** `force`: where no worker serves the run, it is ended without one. */
  cancel: (runId: string, force: boolean) => post<Cancelled>(`${of(runId)}/cancel`, { force }),
  addMoney: (runId: string, addUsd: number) => post(`${of(runId)}/resume`, { addUsd }),
  say: (runId: string, message: { text: string; mode: string; messageId: string }) =>
    post<{ messageId: string }>(`${of(runId)}/messages`, message),
  events: (runId: string) => addressOf(`${of(runId)}/events`),
};
