// What takes its time says a line about it now and then.

export type OnProgress = (line: string) => void;
