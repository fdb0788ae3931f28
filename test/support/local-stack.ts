// A local stack in a folder of its own, as a command would start it, and what a test asks of its servers.
// Remembers every process of it, so that none is left behind.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { readConfig } from "../../src/config.ts";
import { ensureStack, stopStack, type StackPurpose } from "../../src/dev/ensure-stack.ts";
import type { PartName } from "../../src/dev/part.ts";
import { isAlive, markOf, type ProcessMark } from "../../src/dev/process-mark.ts";
import type { StackState } from "../../src/dev/stack-state.ts";
import { socketPathOf } from "./stack-socket.ts";
import { withTemporalClient } from "./temporal-client.ts";

export interface StackChange {
  readonly env?: NodeJS.ProcessEnv;
  readonly to?: StackPurpose;
  readonly parts?: readonly PartName[];
  readonly onProgress?: (line: string) => void;
}

export interface StackFolder {
  readonly stateDir: string;
  /** With the folder and `PLAIN_ENV` beside the environment that is given. */
  ensure(change?: StackChange): Promise<StackState>;
  /** Of all processes that the stacks of this folder had. */
  living(): readonly ProcessMark[];
  /** Throws where a process outlives `pawl stop`. */
  close(): Promise<void>;
}

const { PATH, HOME, XDG_CACHE_HOME, TMPDIR } = process.env;
export const PLAIN_ENV = { PATH, HOME, XDG_CACHE_HOME, TMPDIR };

export function openStackFolder(name = ""): StackFolder {
  const root = mkdtempSync(join(tmpdir(), "pawl-stack-"));
  const stateDir = join(root, name);
  const seen: ProcessMark[] = [];
  const living = (): readonly ProcessMark[] => seen.filter(isAlive);
  return {
    stateDir,
    living,
    ensure: async (change = {}) => {
      const { parts = ["temporal", "postgres"], to = "start a run", onProgress } = change;
      const env = { ...PLAIN_ENV, PAWL_STATE_DIR: stateDir, ...change.env };
      const wanted = { config: readConfig(env), env, to, parts };
      const state = await ensureStack(wanted, onProgress ?? (() => undefined));
      for (const pid of [state.pid, ...Object.values(state.children)]) {
        const mark = markOf(pid);
        if (mark !== undefined) seen.push(mark);
      }
      return state;
    },
    close: async () => {
      await stopStack(stateDir);
      const left = living();
      if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`);
      // A supervisor that came second may still say so in the log.
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** One that stays open: nobody serves it. */
export async function startRun(state: StackState, workflowId: string): Promise<void> {
  await withTemporalClient({ address: state.temporalAddress }, (client) =>
    client.workflow.start("anyWorkflow", { workflowId, taskQueue: "nobody" }),
  );
}

export async function endRun(state: StackState, workflowId: string): Promise<void> {
  await withTemporalClient({ address: state.temporalAddress }, (client) =>
    client.workflow.getHandle(workflowId).terminate(),
  );
}

export async function isOpen(state: StackState, workflowId: string): Promise<boolean> {
  return await withTemporalClient({ address: state.temporalAddress }, async (client) => {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === "RUNNING";
  });
}

export async function queryStack(state: StackState, sql: string): Promise<unknown> {
  const url = state.databaseUrl ?? "";
  const path = socketPathOf(url) ?? undefined;
  const client = postgres(url, { max: 1, onnotice: () => undefined, path });
  try {
    return [...(await client.unsafe(sql))];
  } finally {
    await client.end();
  }
}
