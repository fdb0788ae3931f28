// A worker that is a process of its own: what keeps it from serving is a sentence and an exit code, and no trace.

import { complaintOf, sentenceOf, type Complaint } from "../domain/complaint.ts";
import { CATALOGUE } from "../domain/errors.ts";

export async function asProcess(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const complaint = troubleOf(error);
    // Connections that were opened on the way would keep the process.
    process.stderr.write(`${sentenceOf(complaint)}\n`, () => process.exit(complaint.exitCode));
  }
}

/** What is no error of the catalogue comes from the servers that it lives on. */
function troubleOf(error: unknown): Complaint {
  const complaint = complaintOf(error);
  if (complaint.code !== "INTERNAL") return complaint;
  const { next, exitCode } = CATALOGUE.BACKEND_UNREACHABLE;
  const message = error instanceof Error ? error.message : String(error);
  return { code: "BACKEND_UNREACHABLE", message, next, exitCode };
}
