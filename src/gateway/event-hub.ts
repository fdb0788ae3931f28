// Shows runs to any number of people. Each run that somebody looks at is watched once, whoever they
// are; a viewer is a place in that run's log.
//
//   S1. A viewer is told each event once and in order, wherever and on whichever gateway it resumed.
//   S2. However many look at a run, and however long it told, Temporal and Postgres see one reader.
//   S3. A viewer that does not read costs one chunk of memory at most, and nobody else notices it.
//   S4. A viewer that leaves takes nothing with it: the run does not know that it was there.

import type { ServerResponse } from "node:http";
import type { EventId } from "../client/event-id.ts";
import type { RunClient } from "../client/run-client.ts";
import { formatEventId } from "../client/event-id.ts";
import { writeWatch } from "./own-watch.ts";
import { openRunTail, type RunTail } from "./run-tail.ts";
import { openSpillFile, type SpillFile } from "./spill-file.ts";
import { Viewer } from "./viewer.ts";

export interface EventHub {
  /** Shows the run to this response, whose head has been written, until the run or the connection ends. */
  show(runId: string, response: ServerResponse, after: EventId | null): void;
  readonly counts: HubCounts;
  /** Ends all connections; their viewers come back, here or elsewhere. */
  close(): void;
}

export interface HubCounts {
  /** Runs that are being watched. */
  readonly tails: number;
  readonly viewers: number;
}

export interface HubOptions {
  readonly beatMs?: number;
  /** How long a socket may take nothing. */
  readonly stallMs?: number;
  /** How long a run is watched after its last viewer left: most of them come back. */
  readonly lingerMs?: number;
  readonly gatherMs?: number;
  /** Of one run, in memory. */
  readonly logBytesMax?: number;
  readonly openSpill?: () => Promise<SpillFile>;
  readonly onFailed?: (runId: string, error: unknown) => void;
  /** What a run told long ago can't be kept: who wants it gets a watch of its own. */
  readonly onSpillFailed?: (runId: string, error: unknown) => void;
}

const DEFAULTS = {
  beatMs: 15_000,
  stallMs: 30_000,
  lingerMs: 10_000,
  gatherMs: 25,
  logBytesMax: 2 * 1024 * 1024,
  openSpill: openSpillFile,
  onFailed: () => {},
  onSpillFailed: () => {},
};

interface Stage {
  readonly tail: RunTail;
  readonly viewers: Set<Viewer>;
  /** Connections that the log can't serve, or not yet. */
  readonly apart: Set<ServerResponse>;
  lingering: NodeJS.Timeout | null;
}

interface Place {
  readonly response: ServerResponse;
  /** The last event that it was told. */
  readonly after: EventId | null;
}

export function createEventHub(
  client: Pick<RunClient, "watch">,
  options: HubOptions = {},
): EventHub {
  return new Hub(client, { ...DEFAULTS, ...options });
}

class Hub implements EventHub {
  readonly #client: Pick<RunClient, "watch">;
  readonly #options: Required<HubOptions>;
  readonly #stages = new Map<string, Stage>();
  readonly #beating: NodeJS.Timeout;

  constructor(client: Pick<RunClient, "watch">, options: Required<HubOptions>) {
    this.#client = client;
    this.#options = options;
    this.#beating = setInterval(() => this.#beat(), options.beatMs);
    this.#beating.unref();
  }

  get counts(): HubCounts {
    const stages = [...this.#stages.values()];
    const shown = stages.reduce((sum, { viewers, apart }) => sum + viewers.size + apart.size, 0);
    return { tails: stages.length, viewers: shown };
  }

  show(runId: string, response: ServerResponse, after: EventId | null): void {
    response.on("error", () => response.destroy());
    if (!response.destroyed) this.#admit(runId, response, after);
  }

  close(): void {
    clearInterval(this.#beating);
    for (const [runId, stage] of this.#stages) {
      this.#drop(runId, stage);
      for (const viewer of stage.viewers) viewer.close();
      for (const response of stage.apart) response.end();
    }
  }

  #admit(runId: string, response: ServerResponse, after: EventId | null): void {
    const stage = this.#stages.get(runId) ?? this.#open(runId);
    if (stage.lingering !== null) clearTimeout(stage.lingering);
    stage.lingering = null;
    const viewer = Viewer.open(stage.tail.log, response, {
      after,
      stallMs: this.#options.stallMs,
      onLost: (told) => {
        if (viewer !== null) stage.viewers.delete(viewer);
        this.#showApart(runId, stage, { response, after: told });
      },
    });
    if (viewer === null) return this.#showApart(runId, stage, { response, after });
    stage.viewers.add(viewer);
    response.once("close", () => {
      if (stage.viewers.delete(viewer)) this.#leave(runId, stage);
    });
    this.#pump(stage, viewer);
  }

  #open(runId: string): Stage {
    const { logBytesMax, openSpill, gatherMs, onFailed, onSpillFailed } = this.#options;
    const viewers = new Set<Viewer>();
    const tail = openRunTail(this.#client, {
      runId,
      log: {
        bytesMax: logBytesMax,
        openSpill,
        onSpillFailed: (error) => onSpillFailed(runId, error),
      },
      gatherMs,
      onNews: () => {
        for (const viewer of viewers) this.#pump(stage, viewer);
      },
      onFailed: (error) => {
        // Who asks next starts anew.
        this.#stages.delete(runId);
        onFailed(runId, error);
      },
    });
    const stage: Stage = { tail, viewers, apart: new Set(), lingering: null };
    this.#stages.set(runId, stage);
    return stage;
  }

  #pump({ tail }: Stage, viewer: Viewer): void {
    if (tail.isOver) viewer.endAfterLog();
    else viewer.pump();
  }

  #leave(runId: string, stage: Stage): void {
    if (stage.viewers.size + stage.apart.size > 0 || stage.lingering !== null) return;
    stage.lingering = setTimeout(() => this.#drop(runId, stage), this.#options.lingerMs);
    stage.lingering.unref();
  }

  #drop(runId: string, stage: Stage): void {
    if (stage.lingering !== null) clearTimeout(stage.lingering);
    stage.tail.stop();
    if (this.#stages.get(runId) === stage) this.#stages.delete(runId);
  }

  #showApart(runId: string, stage: Stage, place: Place): void {
    const { response } = place;
    stage.apart.add(response);
    const joined = async (): Promise<void> => {
      const joint = await this.#watchApart(runId, stage, place);
      stage.apart.delete(response);
      if (joint === null || isGone(response)) this.#leave(runId, stage);
      else this.#admit(runId, response, joint);
    };
    joined().catch(() => response.destroy());
  }

  /** Behind which event the log serves it again; null where it has ended. */
  async #watchApart(
    runId: string,
    { tail }: Stage,
    { response, after }: Place,
  ): Promise<EventId | null> {
    if (isGone(response)) return null;
    const { stallMs, onFailed } = this.#options;
    const from = after === null ? {} : { after: formatEventId(after) };
    try {
      return await writeWatch(response, {
        watch: (signal) => this.#client.watch(runId, { ...from, signal }),
        stallMs,
        isLogged: (id) => !isGone(response) && tail.log.placeBehind(id) !== null,
      });
    } catch (error) {
      onFailed(runId, error);
      response.end();
      return null;
    }
  }

  #beat(): void {
    for (const { viewers, apart } of this.#stages.values()) {
      for (const viewer of viewers) viewer.beat();
      for (const response of apart) {
        if (!response.writableNeedDrain) response.write(": beat\n\n");
      }
    }
  }
}

function isGone({ writableEnded, destroyed }: ServerResponse): boolean {
  return writableEnded || destroyed;
}
