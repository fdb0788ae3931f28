// One connection to one server: which era it speaks, what tools it has, and calls of them. Nothing that a server says
// is run here: no schema of its own is compiled, whose patterns could hold up the worker, and it is given no
// capability but that of asking a person where that can wait (the era of 2026; see docs/mcp.md).

import {
  Client,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnsupportedProtocolVersionError,
  type CallToolResult,
  type InputRequiredResult,
  type InputResponses,
  type JsonSchemaValidator,
  type Tool,
  type Transport,
} from "@modelcontextprotocol/client";
import type { ChildKeeper } from "./child-keeper.ts";
import { httpConnection } from "./http-transport.ts";
import type { HttpWay, McpServer } from "./server-config.ts";
import { StdioTransport } from "./stdio-transport.ts";

export type Era = "modern" | "legacy";

const MODERN = "2026-07-28";
/** To begin with; a server that needs longer to start is away, and may be there for the next run. */
const OPENING_MS = 30_000;
/** Programs of the old era may answer nothing at all before they are greeted as they know it. */
const PROBE_MS = 8000;
export const TOOLS_MAX = 256;
const PAGES_MAX = 32;

export interface World {
  /** Guarded for this server; see the worker. */
  readonly fetchFor: (way: HttpWay) => typeof fetch;
  readonly keeper: ChildKeeper;
  /** Ours, told to servers. */
  readonly version: string;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string, share: number | undefined) => void;
  readonly answers?: { readonly responses: InputResponses; readonly state: string | undefined };
}

export interface ListedTools {
  readonly tools: readonly Tool[];
  readonly isCut: boolean;
}

export interface Connection {
  readonly era: Era;
  /** As the server calls itself; foreign words. */
  readonly serverName: string;
  isOpen(): boolean;
  list(timeoutMs: number): Promise<ListedTools>;
  /** Called where the server says that its tools have changed. */
  onChanged(act: () => void): void;
  call(
    tool: Tool,
    args: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<CallToolResult | InputRequiredResult>;
  /** Of it, what nobody is to read. */
  secret(): string | null;
  /** Why it ended, where that is known. */
  lastWords(): string;
  close(): Promise<void>;
}

interface Opening {
  readonly knownEra: Era | null;
  readonly signal: AbortSignal;
}

export async function openConnection(
  server: McpServer,
  world: World,
  { knownEra, signal }: Opening,
): Promise<Connection> {
  if (knownEra !== "legacy") {
    try {
      return await open(server, world, { era: "modern", signal });
    } catch (error) {
      if (signal.aborted || !mayBeLegacy(error)) throw error;
    }
  }
  return await open(server, world, { era: "legacy", signal });
}

/** It was there, and did not speak the new era; who was not there is not asked a second time. */
function mayBeLegacy(error: unknown): boolean {
  if (error instanceof UnsupportedProtocolVersionError) return true;
  return (
    error instanceof SdkError &&
    error.code === SdkErrorCode.EraNegotiationFailed &&
    !(error instanceof SdkHttpError) &&
    error.cause === undefined
  );
}

interface Attempt {
  readonly era: Era;
  readonly signal: AbortSignal;
}

async function open(
  server: McpServer,
  world: World,
  { era, signal }: Attempt,
): Promise<Connection> {
  const { transport, secret, lastWords, endSession } = transportFor(server, world);
  const client = new Client(
    { name: "pawl", version: world.version },
    {
      capabilities: era === "modern" ? { elicitation: { form: {}, url: {} } } : {},
      versionNegotiation:
        era === "modern"
          ? { mode: { pin: MODERN }, probe: { timeoutMs: PROBE_MS } }
          : { mode: "legacy" },
      inputRequired: { autoFulfill: false },
      jsonSchemaValidator: { getValidator: accepting },
    },
  );
  let isOpen = true;
  let changed = (): void => undefined;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the client has no other
  client.onclose = () => {
    isOpen = false;
  };
  client.setNotificationHandler("notifications/tools/list_changed", () => changed());
  const closing = async (): Promise<void> => {
    await client.close().catch(() => undefined);
    await transport.close().catch(() => undefined);
  };
  const giveUp = (): void => void closing();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    signal.throwIfAborted();
    await client.connect(transport, { timeout: OPENING_MS, signal });
  } catch (error) {
    const words = lastWords();
    await closing();
    if (words !== "" && error instanceof Error && !mayBeLegacy(error))
      throw new Error(`${error.message}; ${words}`, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return {
    era,
    serverName: client.getServerVersion()?.name ?? server.name,
    isOpen: () => isOpen,
    list: (timeoutMs) => listed(client, timeoutMs),
    onChanged: (act) => {
      changed = act;
    },
    call: (tool, args, options) => called(client, { tool, args, options }),
    secret,
    lastWords,
    close: async () => {
      if (isOpen) await endSession();
      await closing();
    },
  };
}

interface Way {
  readonly transport: Transport;
  readonly secret: () => string | null;
  readonly lastWords: () => string;
  readonly endSession: () => Promise<void>;
}

function transportFor({ way }: McpServer, { fetchFor, keeper }: World): Way {
  if (way.kind === "stdio") {
    const transport = new StdioTransport(way, keeper);
    return {
      transport,
      secret: () => null,
      lastWords: () => transport.lastWords,
      endSession: async () => undefined,
    };
  }
  const { transport, token, endSession } = httpConnection(way, fetchFor(way));
  return { transport, secret: token, lastWords: () => "", endSession };
}

/** A server's own schema of its results is for programs that build on it; models read what is there. */
function accepting<T>(): JsonSchemaValidator<T> {
  return (data) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it is, nobody relies on
    return { valid: true, data: data as T, errorMessage: undefined };
  };
}

/** Page by page, and no further than a worker would use. */
async function listed(client: Client, timeoutMs: number): Promise<ListedTools> {
  const tools: Tool[] = [];
  const endsAtMs = Date.now() + timeoutMs;
  if (client.getServerCapabilities()?.tools === undefined) return { tools, isCut: false };
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const result = await client.request(
      { method: "tools/list", params: cursor === undefined ? {} : { cursor } },
      { timeout: Math.max(1, endsAtMs - Date.now()) },
    );
    const room = TOOLS_MAX - tools.length;
    tools.push(...result.tools.slice(0, room));
    if (result.tools.length > room) return { tools, isCut: true };
    const { nextCursor } = result;
    if (nextCursor === undefined || nextCursor === cursor) return { tools, isCut: false };
    cursor = nextCursor;
  }
  return { tools, isCut: true };
}

interface Called {
  readonly tool: Tool;
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
}

async function called(
  client: Client,
  { tool, args, options: { timeoutMs, signal, onProgress, answers } }: Called,
): Promise<CallToolResult | InputRequiredResult> {
  const params = {
    name: tool.name,
    arguments: { ...args },
    ...(answers === undefined ? {} : { inputResponses: answers.responses }),
    ...(answers?.state === undefined ? {} : { requestState: answers.state }),
  };
  return await client.callTool(params, {
    timeout: timeoutMs,
    signal,
    toolDefinition: tool,
    allowInputRequired: true,
    onprogress: ({ progress, total, message }) =>
      onProgress(message ?? "", total === undefined ? undefined : progress / total),
  });
}
