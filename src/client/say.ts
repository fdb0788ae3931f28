// A person speaks to a run in flight. What can be known to be in vain is refused here; what is
// accepted stands in the run's history before the sender hears of it.

import type { Client } from "@temporalio/client";
import { v7 as uuidv7 } from "uuid";
import { PawlError } from "../domain/errors.ts";
import { isBlank, type InputFinding } from "../domain/input-rules.ts";
import { present } from "../domain/present.ts";
import { MESSAGE_BYTES_MAX, type UserMessage } from "../domain/run/order.ts";
import { MEMOS, SIGNALS } from "../temporal/names.ts";
import { backendError } from "./backend-error.ts";
import { asked, ofRun, runEnded, told } from "./steer.ts";

export interface Said {
  readonly text: string;
  /** Who says it. */
  readonly by: string;
  /** Default: `queue`. */
  readonly mode?: UserMessage["mode"];
  /** The same id is heard once, however often it is sent. */
  readonly messageId?: string;
}

const ID_CHARS_MAX = 128;
const FINDINGS_MAX = 50;

export async function say(
  client: Client,
  runId: string,
  { text, by, mode = "queue", messageId = `msg_${uuidv7()}` }: Said,
  findings: readonly InputFinding[] = [],
): Promise<{ readonly messageId: string }> {
  checkText(text);
  if (messageId === "" || messageId.length > ID_CHARS_MAX) {
    throw new PawlError("USAGE", `A message id has 1 to ${ID_CHARS_MAX} characters.`);
  }
  const handle = ofRun(client.workflow.getHandle(runId));
  const { closeTime, memo } = await asked(handle.describe(), runId);
  if (closeTime !== undefined) throw runEnded(runId);
  if (memo?.[MEMOS.inboxFull] === true) throw full(runId);
  const flagged = findings.length === 0 ? undefined : findings.slice(0, FINDINGS_MAX);
  const message: UserMessage = { messageId, text, mode, by, ...present({ flagged }) };
  try {
    await told(handle, (run) => run.signal(SIGNALS.say, message));
  } catch (error) {
    throw isSignalLimit(error) ? full(runId, error) : backendError(error, runId);
  }
  return { messageId };
}

function checkText(text: string): void {
  if (isBlank(text)) throw new PawlError("USAGE", "A message can't be empty.");
  // As it will lie in the payload.
  const bytes = Buffer.byteLength(JSON.stringify(text)) - 2;
  if (bytes <= MESSAGE_BYTES_MAX) return;
  throw new PawlError(
    "USAGE",
    `The message has ${bytes} bytes; at most ${MESSAGE_BYTES_MAX} are taken.`,
  );
}

function full(runId: string, cause?: unknown): PawlError {
  const message = `The run ${runId} has not heard yet what was said to it before: no more fits.`;
  return new PawlError("INBOX_FULL", message, { cause });
}

/** Temporal takes 10,000 signals in one history. */
function isSignalLimit(error: unknown): boolean {
  return error instanceof Error && /limit for signal|signals? limit/i.test(error.message);
}
