// Fleets as Temporal may tell of them.

import { DUTIES, type Duty } from "../../src/domain/duty.ts";
import type { Build, Fleet, Poller, QueueSeen, Routing } from "../../src/domain/fleet.ts";

export function build(buildId: string, deployment = "pawl"): Build {
  return { deployment, buildId };
}

export function poller(identity: string, more: Partial<Poller> = {}): Poller {
  return { identity, build: null, unseenForMs: 1000, lives: true, ...more };
}

const UNVERSIONED: Routing = { current: null, ramping: null };

export function queueSeen(pollers: readonly Poller[], routing: Routing = UNVERSIONED): QueueSeen {
  return { pollers, routing, backlog: 0 };
}

/** The same on all queues. */
export function fleetWith(pollers: readonly Poller[], routing: Routing = UNVERSIONED): Fleet {
  const seen = queueSeen(pollers, routing);
  return { core: seen, model: seen, tools: seen };
}

/** One worker that serves all but these. */
export function fleetOf(unserved: readonly Duty[]): Fleet {
  const all = fleetWith([poller("1@host")]);
  const none = queueSeen([]);
  const [core, model, tools] = DUTIES.map((duty) => (unserved.includes(duty) ? none : all[duty]));
  return { core: core ?? none, model: model ?? none, tools: tools ?? none };
}
