// A file of SQL as its statements, each with the comment before it. It knows comments, quotes and $$ bodies;
// that is all that the files of Pawl use.

export interface Statement {
  /** Without comments; what is between $$ and $$ included. */
  readonly sql: string;
  /** `sql` without what is between $$ and $$. */
  readonly head: string;
  /** The lines of comment right before it, or at its end. */
  readonly comment: string;
  /** How many lines it takes, comments in it included. */
  readonly lines: number;
}

/** A comment; a body, a text or a name in quotes; the end of a statement; anything else. */
const PIECE = /--[^\n]*|\$\$[^]*?\$\$|'(?:[^']|'')*'|"[^"]*"|;[^\S\n]*(?:--[^\n]*)?|[^]/g;

export function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let raw = "";
  for (const [piece] of text.matchAll(PIECE)) {
    raw += piece;
    if (!piece.startsWith(";")) continue;
    statements.push(statementOf(raw));
    raw = "";
  }
  if (withoutComments(raw).trim() !== "") statements.push(statementOf(raw));
  return statements;
}

function statementOf(raw: string): Statement {
  // What stands above an empty line is about the file.
  const near = raw.split(/\n\s*\n/).at(-1) ?? "";
  const whole = withoutComments(raw).trim();
  return {
    sql: whole,
    head: whole.replaceAll(/\$\$[^]*?\$\$/g, "$$$$"),
    comment: [...commentsIn(raw === near ? raw : near)].join("\n"),
    lines: raw.replace(/^(\s*\n|\s*--[^\n]*\n)*/, "").split("\n").length,
  };
}

function withoutComments(text: string): string {
  return text.replaceAll(/'(?:[^']|'')*'|--[^\n]*/g, (found) =>
    found.startsWith("--") ? "" : found,
  );
}

function commentsIn(text: string): readonly string[] {
  return text.match(/^\s*--\s*\S.*$|--\s*\S.*$/gm) ?? [];
}
