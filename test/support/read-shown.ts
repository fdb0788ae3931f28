// Reads arguments back out of the rows that a person is shown. It knows the form alone and shares no code with
// what writes it: if two arguments showed alike, it could not give both back.

export function readShown(rows: readonly string[]): unknown {
  const reader = { lines: joined(rows), at: 0 };
  if (rows.length === 1 && rows[0] === "(no arguments)") return {};
  const entries = entriesAt(reader, 0);
  const [first] = entries;
  return first?.[0] === "(arguments)" ? first[1] : Object.fromEntries(entries);
}

interface Line {
  readonly depth: number;
  readonly quoted: boolean;
  text: string;
}

interface Reader {
  readonly lines: readonly Line[];
  at: number;
}

/** Rows that go on are joined with those above them. */
function joined(rows: readonly string[]): Line[] {
  const lines: Line[] = [];
  for (const row of rows) {
    const [, indent = "", sign = "", text = ""] = /^( *)([│+┆-] )?(.*)$/su.exec(row) ?? [];
    const last = lines.at(-1);
    if (sign === "┆ " && last !== undefined) last.text += text;
    else lines.push({ depth: indent.length / 2, quoted: sign !== "", text });
  }
  return lines;
}

function entriesAt(reader: Reader, depth: number): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (let line = next(reader); line?.depth === depth && !line.quoted; line = next(reader)) {
    reader.at += 1;
    entries.push(entryOf(reader, line));
  }
  return entries;
}

function next({ lines, at }: Reader): Line | undefined {
  return lines[at];
}

function entryOf(reader: Reader, { depth, text }: Line): [string, unknown] {
  const [, label = "", rest = ""] =
    /^("(?:[^"\\]|\\.)*"|\(arguments\)|\[\d+\]|[A-Za-z_][\w-]*)(.*)$/su.exec(text) ?? [];
  return [keyOf(label), valueOf(reader, depth, rest)];
}

function keyOf(label: string): string {
  return label.startsWith('"') ? String(JSON.parse(unspelled(label))) : label;
}

function valueOf(reader: Reader, depth: number, rest: string): unknown {
  if (rest.startsWith(" = ")) return JSON.parse(rest.slice(3));
  if (rest.startsWith(": list of ")) return entriesAt(reader, depth + 1).map(([, value]) => value);
  if (/^: \d+ fields$/.test(rest)) return Object.fromEntries(entriesAt(reader, depth + 1));
  const quoted: string[] = [];
  for (let line = next(reader); line?.quoted === true; line = next(reader)) {
    reader.at += 1;
    quoted.push(unspelled(line.text));
  }
  const text = quoted.join("\n");
  return rest === ": JSON" ? JSON.parse(text) : text;
}

function unspelled(text: string): string {
  return text
    .replaceAll("⇥\t", "\t")
    .replaceAll(/⟦U\+([0-9A-F]+)(?: ×(\d+))?⟧/g, (_, code: string, times = "1") =>
      String.fromCodePoint(Number.parseInt(code, 16)).repeat(Number(times)),
    );
}
