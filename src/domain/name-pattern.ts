// Names of tools as an agent lists them: each by itself, or several by a pattern in which `*` stands for any
// letters, as in `github__*`.

export function isPattern(name: string): boolean {
  return name.includes("*");
}

/** In the order of the list; of a pattern, in the order in which they are known. Each once. */
export function namesMeant(list: readonly string[], known: readonly string[]): readonly string[] {
  return [
    ...new Set(
      list.flatMap((name) => (isPattern(name) ? known.filter((one) => fits(name, one)) : [name])),
    ),
  ];
}

/** Takes time in proportion to both, whatever they are. */
export function fits(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}
