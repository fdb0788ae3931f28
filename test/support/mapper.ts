// One viewer's view of a made-up history.

import { parseEventId } from "../../src/client/event-id.ts";
import { createEventMapper, type EventMapper } from "../../src/client/event-mapper.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { RUN_ID, T0_MS, toldIn, type History } from "./run-facts.ts";

/** Of the first history, or of the one in which the viewer resumes. */
export function mapperFrom(after: string | null = null, execution = 0): EventMapper {
  return createEventMapper({
    runId: RUN_ID,
    link: "http://ui",
    execution,
    after: after === null ? null : parseEventId(after),
    nowMs: () => T0_MS,
  });
}

export function tell(mapper: EventMapper, history: History): readonly RunEvent[] {
  return toldIn(history).flatMap((told) => mapper.fact(told));
}

/** What each viewer is told who resumes behind one of the events, and what it lacks. */
export function resumedAnywhere(history: History) {
  const whole = tell(mapperFrom(), history);
  return whole.map(({ id }, index) => ({
    told: tell(mapperFrom(id), history),
    lacks: whole.slice(index + 1),
  }));
}
