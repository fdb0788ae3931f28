// Many who ask for single rows at once cost one statement at a time: while one is under way, those who come gather
// for the next. However fast somebody asks for rows that are not there, one connection is all that they keep busy.

/** `read` answers for all keys that it is given; who is not in its answer is not there. */
export function gatheredReads<Row>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
  keysMax: number,
): (key: string) => Promise<Row | null> {
  let gathering: {
    readonly keys: Set<string>;
    readonly rows: Promise<ReadonlyMap<string, Row>>;
  } | null = null;
  let before: Promise<unknown> = Promise.resolve();

  function begin() {
    const keys = new Set<string>();
    const rows = before.then(() => {
      if (gathering?.keys === keys) gathering = null;
      return read([...keys]);
    });
    before = rows.catch(() => undefined);
    return { keys, rows };
  }

  return async (key) => {
    if (gathering === null || gathering.keys.size >= keysMax) gathering = begin();
    gathering.keys.add(key);
    const rows = await gathering.rows;
    return rows.get(key) ?? null;
  };
}
