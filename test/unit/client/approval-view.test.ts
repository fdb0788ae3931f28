import { describe, expect, test } from "@jest/globals";
import { approvalNews } from "../../../src/client/approval-view.ts";
import {
  NO_APPROVALS,
  type DecidedApproval,
  type PendingApproval,
} from "../../../src/domain/approval.ts";

const pending = (callId: string): PendingApproval => ({
  callId,
  tool: "write_file",
  turn: 2,
  preview: "{}",
  argsDigest: "d",
  reason: "asked",
  requestedAt: "2026-11-21T10:00:00.000Z",
  deadlineAt: "2026-11-22T10:00:00.000Z",
});
const decided = (callId: string): DecidedApproval => ({
  callId,
  tool: "write_file",
  turn: 2,
  verdict: "approved",
  by: "tester",
  reason: null,
  edited: false,
  always: false,
  decidedAt: "2026-11-21T11:00:00.000Z",
});
const typesOf = (...[before, after]: [typeof NO_APPROVALS, typeof NO_APPROVALS]) =>
  approvalNews(before, after, () => ({ path: "a" })).map(({ type }) => type);

describe("what a viewer is told of approvals", () => {
  const one = { waiting: [pending("a")], decided: [] };

  test("a first question comes with the news that the run waits", () => {
    expect(typesOf(NO_APPROVALS, one)).toEqual(["approval.requested", "run.waiting"]);
  });

  test("a question carries the arguments whole", () => {
    const [asked] = approvalNews(NO_APPROVALS, one, (id) => ({ of: id }));
    expect(asked).toMatchObject({ callId: "a", input: { of: "a" }, argsDigest: "d" });
  });

  test("a decision among several leaves the run waiting, and the last one lets it go on", () => {
    const two = { waiting: [pending("a"), pending("b")], decided: [] };
    const half = { waiting: [pending("b")], decided: [decided("a")] };
    const none = { waiting: [], decided: [decided("a"), decided("b")] };
    expect(typesOf(two, half)).toEqual(["approval.decided"]);
    expect(typesOf(half, none)).toEqual(["approval.decided", "run.continued"]);
  });

  test("a decision and a new question in one step are told in this order", () => {
    const after = { waiting: [pending("b")], decided: [decided("a")] };
    expect(typesOf(one, after)).toEqual(["approval.decided", "approval.requested"]);
  });

  test("questions that a run takes back as it ends are no news that it goes on", () => {
    expect(typesOf(one, NO_APPROVALS)).toEqual([]);
  });

  test("what was decided for an earlier reply is not told again", () => {
    const before = { waiting: [], decided: [decided("a")] };
    const after = { waiting: [pending("c")], decided: [] };
    expect(typesOf(before, after)).toEqual(["approval.requested", "run.waiting"]);
  });
});
