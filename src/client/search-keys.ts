// The columns by which runs are listed. search-attributes.ts sees to it that
// the namespace has them.

import { defineSearchAttributeKey } from "@temporalio/common";

export const AGENT = defineSearchAttributeKey("PawlAgent", "KEYWORD");
export const TENANT = defineSearchAttributeKey("PawlTenant", "KEYWORD");
export const SESSION = defineSearchAttributeKey("PawlSession", "KEYWORD");
export const STATUS = defineSearchAttributeKey("PawlStatus", "KEYWORD");
export const OUTCOME = defineSearchAttributeKey("PawlOutcome", "KEYWORD");
export const COST_USD = defineSearchAttributeKey("PawlCostUsd", "DOUBLE");
export const TURNS = defineSearchAttributeKey("PawlTurns", "INT");
