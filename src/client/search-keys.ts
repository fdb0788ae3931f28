// The columns by which runs are listed. They must exist on the namespace; the worker sees to that.

import { defineSearchAttributeKey } from "@temporalio/common";

export const AGENT = defineSearchAttributeKey("PawlAgent", "KEYWORD");
export const TENANT = defineSearchAttributeKey("PawlTenant", "KEYWORD");
export const STATUS = defineSearchAttributeKey("PawlStatus", "KEYWORD");
export const OUTCOME = defineSearchAttributeKey("PawlOutcome", "KEYWORD");
export const COST_USD = defineSearchAttributeKey("PawlCostUsd", "DOUBLE");
export const TURNS = defineSearchAttributeKey("PawlTurns", "INT");
