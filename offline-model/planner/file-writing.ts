// "Write … to the file notes.txt": what is to be written, and where. What the words don't say, the
// rest of the task does: it is worked out first, and its answer is written.

export interface FileOrder {
  readonly path: string;
  /** The text as given; undefined where the answer to `rest` is meant. */
  readonly text: string | undefined;
  /** The task without the order to write. */
  readonly rest: string;
}

const ORDER =
  /[,;]?\s*(?:\b(?:and|then)\s+)*\b(?:write|save|store|put)\s+([^\n]+?)\s+(?:down\s+)?(?:in|into|to|as)\s+(?:the\s+|a\s+)?(?:new\s+)?file\s+(?:named\s+|called\s+)?["“'`]?([\w./-]*\w)["”'`]?[.!]?/i;
const QUOTED = /^["“'`](.*)["”'`]$/s;
const WHAT_CAME_OUT = /^(?:it|that|this|them|those|(?:the|your) (?:answers?|results?|sum|total))$/i;

export function fileOrder(task: string): FileOrder | undefined {
  const [order, what = "", path = ""] = ORDER.exec(task) ?? [];
  if (order === undefined) return undefined;
  const text = QUOTED.exec(what)?.[1];
  const others = task.replace(order, ". ").replace(/^[\s.]+|[\s.]+$/g, "");
  if (text !== undefined) return { path, text, rest: others };
  const rest = WHAT_CAME_OUT.test(what) ? others : `${others} ${what}`.trim();
  return rest === "" ? { path, text: what, rest: "" } : { path, text: undefined, rest };
}
