// Fields that were not given are not there: what is not said must not look like something said.

/** Of the same fields; those that may be undefined may be missing instead. */
export type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

export function present<T extends object>(fields: T): Present<T> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was undefined is gone
  return Object.fromEntries(given) as Present<T>;
}
