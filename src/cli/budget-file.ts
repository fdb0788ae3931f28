// Shared caps as a file that a team keeps under version control: a JSON array, checked as a whole before
// any of it is set.

import { z } from "zod";
import type { NewCap } from "../client/budgets.ts";
import { checkedName } from "../client/budgets.ts";
import { issueText } from "../client/issue-text.ts";
import { BUDGET_SCOPES, budgetKey, type BudgetName } from "../domain/budget.ts";
import { PawlError } from "../domain/errors.ts";
import { microUsdOf } from "../domain/money.ts";
import type { CliContext } from "./context.ts";
import { bytesOf, textOf } from "./told-files.ts";

export interface BudgetWanted {
  readonly name: BudgetName;
  readonly cap: NewCap;
}

const USD_MAX = 1_000_000;
const entry = z.strictObject({
  scope: z.enum(BUDGET_SCOPES),
  tenant: z.string().min(1).max(64).exactOptional(),
  session: z.string().min(1).max(64).exactOptional(),
  usd: z.union(
    [z.number().min(0.000001).max(USD_MAX), z.enum(["none", "default"])],
    `must be dollars above 0, up to ${USD_MAX}, or "none" or "default"`,
  ),
});

/** Throws PawlError USAGE that names each entry that is wrong. */
export async function readBudgetFile(
  path: string,
  context: Pick<CliContext, "readStdin">,
): Promise<readonly BudgetWanted[]> {
  return budgetsIn(textOf(await bytesOf(path, context), path), path);
}

const FORMAT = 'it is a list such as [{"scope": "tenant_day", "tenant": "acme", "usd": 25}]';

export function budgetsIn(text: string, path: string): readonly BudgetWanted[] {
  const parsed = z.array(entry).safeParse(jsonOf(text, path));
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => {
      const [index, ...rest] = issue.path;
      return typeof index === "number"
        ? `entry ${index + 1}: ${issueText(issue, rest)}`
        : issueText(issue);
    });
    const message = `${path} holds no budgets: ${issues.join("; ")}.`;
    throw new PawlError("USAGE", message, { next: FORMAT });
  }
  const wanted = parsed.data.map(({ usd, ...name }, index) => ({
    name: namedAt(index, name),
    cap: typeof usd === "number" ? { microUsd: microUsdOf(usd) } : usd,
  }));
  const keys = wanted.map(({ name }) => budgetKey(name));
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  if (twice !== undefined)
    throw new PawlError("USAGE", `${path} sets ${twice} twice.`, { next: FORMAT });
  return wanted;
}

function namedAt(index: number, name: BudgetName): BudgetName {
  try {
    return checkedName(name);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PawlError("USAGE", `Entry ${index + 1}: ${why}`, { cause: error, next: FORMAT });
  }
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PawlError("USAGE", `${path} is not JSON.`, { cause, next: FORMAT });
  }
}
