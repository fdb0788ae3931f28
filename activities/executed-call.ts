// One call of a tool, as those activities meet it that execute it or take back what it did: where its arguments lie,
// which tool it is, and what the tool is told of it.

import { randomUUID } from "node:crypto";
import { isToolUse, type Message, type ToolUseBlock } from "../src/domain/message.ts";
import { present } from "../src/domain/present.ts";
import type { PinnedTool } from "../src/domain/tool.ts";
import type { Heard } from "../src/domain/question.ts";
import { placeInReply } from "../src/domain/tool-call.ts";
import type { Progress } from "../src/store/deltas.ts";
import { refOf } from "../src/store/transcripts.ts";
import type { ToolSecret } from "../src/tool-secrets.ts";
import { failure, type Attempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";
import { fileRootsIn, runFolderIn } from "./files-folder.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { openTool } from "./tool-sources/tool-source.ts";
import type { Tool, ToolContext } from "./tools/define-tool.ts";
import { OutputStream } from "./tools/output-stream.ts";
import { ToolError } from "./tools/tool-error.ts";
import { visibleText } from "./tools/visible-text.ts";

interface CallPlace {
  readonly callId: string;
  readonly tool: string;
  readonly replyRef: string;
}

/** The arguments lie in the transcript, where the model wrote them. */
export async function findCall(
  deps: ActivityDeps,
  runId: string,
  { callId, tool, replyRef }: CallPlace,
): Promise<ToolUseBlock> {
  const reply = await storedMessage(deps, runId, replyRef);
  const call = reply.content.filter(isToolUse)[placeInReply(callId) - 1];
  if (call?.name !== tool)
    throw new Error(`the reply ${replyRef} holds no call ${callId} of ${tool}`);
  return call;
}

export async function storedMessage(
  { transcripts }: ActivityDeps,
  runId: string,
  ref: string,
): Promise<Message> {
  const body = await transcripts.get(runId, ref);
  if (body === null) throw failure("TRANSCRIPT_MISSING", `${ref} of ${runId} is not in the store`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own writing
  return JSON.parse(body) as Message;
}

export async function toolFor(
  { toolSources }: ActivityDeps,
  name: string,
  pinned?: PinnedTool,
): Promise<Tool> {
  const tool = await openTool(toolSources, name, pinned);
  if (tool !== null) return tool;
  throw failure("WORKER_FAULT", `this worker has no tool ${name}, with which the run was started`);
}

/** An attempt may open several, and one that comes after it must not meet what it left. */
function openOutput(
  { artefacts, telemetry }: ActivityDeps,
  { callKey, attempt }: Attempt,
  runId: string,
): OutputStream {
  const ref = refOf(`${callKey}/${attempt}/${randomUUID()}`);
  const onLoss = (error: unknown): void => telemetry.emit({ event: "artefact_lost", runId, error });
  return new OutputStream(artefacts.open(runId, ref), onLoss);
}

const PROGRESS_CHARS_MAX = 200;

/** Tools may come from plain JavaScript, and say anything. */
function progressOf(text: unknown, share: unknown): Progress {
  const line = visibleText(String(text).slice(0, PROGRESS_CHARS_MAX)).replaceAll(/\s+/g, " ");
  const isShare = typeof share === "number" && Number.isFinite(share);
  return { text: line.trim(), share: isShare ? Math.min(1, Math.max(0, share)) : null };
}

function secretNamed(secrets: Readonly<Record<string, ToolSecret>>, name: string): string {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret !== undefined) return secret.value;
  throw new ToolError(`The worker that executes this has no secret ${name}.`);
}

interface CallTold {
  readonly runId: string;
  readonly tenant: string;
  readonly callId: string;
  readonly tool: string;
  readonly args: unknown;
  readonly heard?: Heard;
}

export function contextOf(
  deps: ActivityDeps,
  attempt: Attempt,
  { runId, tenant, callId, tool, args, heard }: CallTold,
): ToolContext {
  const filesDir = runFolderIn(deps.files, tenant, runId);
  return {
    runId,
    tenant,
    callId,
    idempotencyKey: idempotencyKeyOf(runId, callId, args),
    attempt: attempt.attempt,
    signal: attempt.signal,
    heartbeat: (details) => attempt.heartbeat(details),
    progress: (text, share) => deps.deltas.progress(attempt, progressOf(text, share)),
    secret: (name) => secretNamed(deps.config.tools.secrets ?? {}, name),
    answers: heard?.answers ?? {},
    resume: heard?.resume ?? null,
    log: deps.telemetry.log.child({ runId, tool, callId }),
    ...present({ filesDir }),
    fileRoots: fileRootsIn(deps.files),
    onFileTrouble: (error) =>
      deps.telemetry.emit({ event: "file_trouble", runId, tool, dir: filesDir, error }),
    openOutput: () => openOutput(deps, attempt, runId),
    artefacts: { read: (ref, offset, length) => deps.artefacts.read(runId, ref, offset, length) },
  };
}
