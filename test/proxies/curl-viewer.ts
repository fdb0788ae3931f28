// A viewer as people have one in a terminal: curl, which says HTTP/2 and unpacks what it is sent. Notes when each
// piece came, so that what a proxy holds back shows.

import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { createParser } from "eventsource-parser";
import type { RunEvent } from "../../src/domain/run-event.ts";

const run = promisify(execFile);

export interface CurlOptions {
  readonly key?: string | undefined;
  readonly after?: string | undefined;
  readonly isCompressed?: boolean;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface CurlStream {
  readonly events: readonly RunEvent[];
  readonly beats: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** From the start of curl to the first event; null while there is none. */
  readonly firstEventMs: number | null;
  /** Between two events, the first to the newest. */
  readonly greatestGapMs: number;
  readonly ended: Promise<void>;
  stop(): void;
}

export function watchByCurl(url: string, options: CurlOptions): CurlStream {
  const { key, after, isCompressed = false, onEvent } = options;
  const args = [
    ...["-sNik", url, "-H", `Authorization: Bearer ${key ?? ""}`],
    ...(after === undefined ? [] : ["-H", `Last-Event-ID: ${after}`]),
    ...(isCompressed ? ["--compressed"] : []),
  ];
  const startedMs = Date.now();
  const child = spawn("curl", args, { stdio: ["ignore", "pipe", "ignore"] });
  const headers = new Map<string, string>();
  const events: RunEvent[] = [];
  const cameAtMs: number[] = [];
  let beats = 0;
  let head: string | null = "";
  const parser = createParser({
    onEvent: ({ data }) => {
      const event = JSON.parse(data) as RunEvent;
      events.push(event);
      cameAtMs.push(Date.now());
      onEvent?.(event);
    },
    onComment: () => void (beats += 1),
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (head === null) return parser.feed(text);
    head += text;
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    for (const line of head.slice(0, end).split("\r\n").slice(1)) {
      const [name = "", ...value] = line.split(":");
      headers.set(name.toLowerCase(), value.join(":").trim());
    }
    const body = head.slice(end + 4);
    head = null;
    parser.feed(body);
  });
  return {
    events,
    headers,
    get beats() {
      return beats;
    },
    get firstEventMs() {
      const [first] = cameAtMs;
      return first === undefined ? null : first - startedMs;
    },
    get greatestGapMs() {
      return Math.max(
        0,
        ...cameAtMs.slice(1).map((atMs, index) => atMs - (cameAtMs[index] ?? atMs)),
      );
    },
    ended: new Promise((resolve) => child.once("close", () => resolve())),
    stop: () => void child.kill(),
  };
}

export interface CurlAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly contentType: string;
  readonly text: string;
}

/** `more`: arguments of curl. */
export async function askByCurl(
  url: string,
  key: string | null,
  more: readonly string[] = [],
): Promise<CurlAnswer> {
  const written = "\n%{http_code}\n%{redirect_url}\n%header{location}\n%{content_type}";
  const args = [
    ...["-sk", url, "-w", written, "--max-time", "30"],
    ...(key === null ? [] : ["-H", `Authorization: Bearer ${key}`]),
    ...more,
  ];
  const { stdout } = await run("curl", args, { maxBuffer: 64 * 1024 * 1024 });
  const lines = stdout.split("\n");
  const [status = "0", , location = "", contentType = ""] = lines.splice(-4);
  const named = location === "" ? null : location;
  return { status: Number(status), location: named, contentType, text: lines.join("\n") };
}

/** 0 where nobody answers. */
export async function statusOf(url: string): Promise<number> {
  try {
    return (await askByCurl(url, null)).status;
  } catch {
    return 0;
  }
}
