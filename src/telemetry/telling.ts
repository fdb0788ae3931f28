// How an event is told to people: one sentence, how bad it is, and whether somebody must look at once.

export type Severity = "info" | "warn" | "error";

export interface Telling {
  readonly severity: Severity;
  /** One sentence for people; what can be counted stands in the event's fields. */
  readonly sentence: string;
  /** True where a person should be woken or mailed. */
  readonly isAlert: boolean;
}

/** One for each name of a group of events. */
export type Tellings<Events> = {
  readonly [Name in keyof Events]: (event: Events[Name]) => Telling;
};

export function info(sentence: string): Telling {
  return { severity: "info", sentence, isAlert: false };
}

export function warn(sentence: string): Telling {
  return { severity: "warn", sentence, isAlert: false };
}

export function error(sentence: string): Telling {
  return { severity: "error", sentence, isAlert: false };
}

export function alert(telling: Telling): Telling {
  return { ...telling, isAlert: true };
}
