// A file of tasks, one JSON object a line. It is read whole before anything is started: every line that
// can't be used is named, and a batch is never begun by halves.

import { z } from "zod";
import { BATCH_ITEMS_MAX } from "../domain/batch.ts";
import { PawlError } from "../domain/errors.ts";
import {
  modelSpec,
  noPriceText,
  SHIPPED_MODELS,
  TIER_NAMES,
  type ModelTable,
} from "../domain/model-table.ts";
import { PERMISSIONS } from "../domain/permission.ts";
import { present } from "../domain/present.ts";
import { linesOf } from "../domain/utf8.ts";
import type { ItemOrder } from "./batch-order.ts";
import { CAN_WAIT, LIMITS, limitsOf } from "./caller-limits.ts";
import { issueText } from "./issue-text.ts";

const PROBLEMS_NAMED = 20;
const ID_CHARS_MAX = 200;
const NAME_CHARS_MAX = 64;

const LINE = z.strictObject({
  id: z.string().min(1).max(ID_CHARS_MAX).optional(),
  task: z.string().regex(/\S/, "must not be empty"),
  agent: z.string().min(1).max(NAME_CHARS_MAX).optional(),
  tier: z.enum(TIER_NAMES).optional(),
  model: z.string().optional(),
  limits: LIMITS.optional(),
  canWait: CAN_WAIT.optional(),
  permission: z.enum(PERMISSIONS).optional(),
});

/** Throws PawlError USAGE that names each line that is wrong. */
export function readItems(
  bytes: Uint8Array,
  models: ModelTable = SHIPPED_MODELS,
): readonly ItemOrder[] {
  const items: ItemOrder[] = [];
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  for (const [index, content] of linesOf(bytes).entries()) {
    const line = index + 1;
    if (content?.trim() === "") continue;
    const item = content === null ? " is not UTF-8" : itemIn(content, line, models);
    if (typeof item === "string") {
      problems.push(`line ${line}${item}`);
      continue;
    }
    const before = lineOf.get(item.id);
    if (before !== undefined) {
      problems.push(`line ${line}: the id ${JSON.stringify(item.id)} is that of line ${before}`);
    }
    lineOf.set(item.id, line);
    items.push(item);
  }
  if (problems.length > 0) throw unusable(problems);
  if (items.length === 0) {
    throw new PawlError("USAGE", "The file has no tasks.", { next: FORMAT });
  }
  if (items.length > BATCH_ITEMS_MAX) {
    const message = `The file has ${items.length} tasks; ${BATCH_ITEMS_MAX} are possible.`;
    throw new PawlError("USAGE", message, { next: "make it several batches" });
  }
  return items;
}

const FORMAT = 'it holds one JSON object a line, such as {"task": "What is 2 + 3?"}: docs/batch.md';

/** What is wrong with it, where it can't be used, as it follows the number of the line. */
function itemIn(content: string, line: number, models: ModelTable): ItemOrder | string {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return ": it is no JSON";
  }
  const parsed = LINE.safeParse(json);
  if (!parsed.success) {
    return `: ${parsed.error.issues.map((issue) => issueText(issue)).join("; ")}`;
  }
  const { id = String(line), task, agent, tier, model, limits = {}, ...terms } = parsed.data;
  if (model !== undefined && modelSpec(models, model) === undefined) {
    return `: model ${noPriceText(models)}`;
  }
  return {
    id,
    line,
    task,
    limits: limitsOf(limits),
    ...present({ agent, tier, model, ...terms }),
  };
}

function unusable(problems: readonly string[]): PawlError {
  const named = problems.slice(0, PROBLEMS_NAMED);
  const more = problems.length - named.length;
  const rest = more === 0 ? [] : [`and ${more} more`];
  const message = `Nothing was started: ${[...named, ...rest].join("; ")}.`;
  return new PawlError("USAGE", message, { next: FORMAT });
}
