// The words of a connection string: what each is called, what it says, and where it was written, for whoever
// has to be told that it can't stand there.

export interface Said {
  readonly value: string;
  /** The variable of the environment. */
  readonly from: string;
}

export type Words = ReadonlyMap<string, Said>;

/** Its message names the variable and the word, and no value that may be a secret. */
export class ConninfoError extends Error {
  override readonly name = "ConninfoError";
}

/** Says who said it, where there is somebody. */
export function complain({ from }: Pick<Said, "from">, what: string): never {
  throw new ConninfoError(`${from}: ${what}`);
}

export function wordIn<Word extends string>(
  words: Words,
  name: string,
  known: readonly Word[],
): Word | null {
  const said = words.get(name);
  if (said === undefined) return null;
  const found = known.find((word) => word === said.value);
  return found ?? complain(said, `${name} is one of ${known.join(", ")}`);
}

/** Null where it says nothing. */
export function wholeIn(words: Words, name: string): number | null {
  const said = words.get(name);
  if (said === undefined) return null;
  if (!/^\s*-?\d{1,9}\s*$/.test(said.value)) complain(said, `${name} is a whole number`);
  return Number(said.value);
}
