// Calls that wait for a person, as tests speak of them, and the files that prove what was executed.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunClient } from "../../src/client/run-client.ts";
import type { Decision, PendingApproval } from "../../src/domain/approval.ts";
import { until } from "./processes.ts";

/** As the model asks for it: each call writes a file of its own, so that effects can be counted. */
export function writeCall(path: string, content = "hello"): object {
  return { name: "write_file", input: { path, content } };
}

export async function waitingCalls(
  client: RunClient,
  runId: string,
  calls = 1,
  withinMs = 60_000,
): Promise<readonly [PendingApproval, ...PendingApproval[]]> {
  return await until(
    `${calls} calls of ${runId} wait`,
    async () => {
      const shown = await client.show(runId);
      if (shown.kind !== "open" || shown.approvals.length !== calls) return false;
      const [first, ...more] = shown.approvals;
      return first === undefined ? false : ([first, ...more] as const);
    },
    withinMs,
  );
}

export function approval(pending: PendingApproval, more: Partial<Decision> = {}): Decision {
  const { callId, argsDigest } = pending;
  return { callId, argsDigest, verdict: "approve", by: "tester", ...more };
}

export function denial(pending: PendingApproval, more: Partial<Decision> = {}): Decision {
  return approval(pending, { verdict: "deny", ...more });
}

export interface FilesFolder {
  readonly dir: string;
  /** Names of the files that the run has written at its top. */
  of(runId: string, tenant?: string): readonly string[];
  all(): readonly string[];
  remove(): void;
}

export function openFilesFolder(): FilesFolder {
  const dir = mkdtempSync(join(tmpdir(), "pawl-files-"));
  return {
    dir,
    of: (runId, tenant = "test") => namesIn(join(dir, tenant, runId)),
    all: () =>
      readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== ".pawl-folder")
        .map(({ name }) => name),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
