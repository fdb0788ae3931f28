// What runs wait for in vain: said of those workers alone who may take them.

import { describe, expect, test } from "@jest/globals";
import { fleetText, unservedOf, type Fleet } from "../../../src/domain/fleet.ts";
import {
  makeCurrentCommand,
  missingFor,
  pinnedText,
  startingCommand,
  strandedText,
  unservedIn,
} from "../../../src/domain/missing-workers.ts";
import { build, fleetOf, fleetWith, poller, queueSeen } from "../../support/fleets.ts";

const ONE = poller("1@a", { build: build("1") });
const TWO = poller("2@a", { build: build("2") });
const BARE = poller("3@a");
const dead = (of: typeof ONE) => ({ ...of, lives: false, unseenForMs: 40_000 });
const current = (buildId: string) => ({ current: build(buildId), ramping: null });
const ramp = (buildId: string, percent: number) => ({
  current: build("1"),
  ramping: { build: build(buildId), percent },
});

describe("what a run that is sent now would wait for", () => {
  test.each<readonly [string, Fleet]>([
    ["workers without a build, and no build is current", fleetWith([BARE])],
    ["a worker of the current build beside one of an older", fleetWith([ONE, TWO], current("2"))],
    ["a ramp whose build is served", fleetWith([ONE, TWO], ramp("2", 25))],
    ["a ramp of nothing", fleetWith([ONE], ramp("2", 0))],
  ])("nothing where there are %s", (_what, fleet) => {
    expect(missingFor(fleet, "default")).toBeNull();
    expect(unservedIn(fleet)).toEqual([]);
  });

  const make = "temporal worker deployment set-current-version --deployment-name pawl --build-id";
  test.each<readonly [string, Fleet, string, string]>([
    [
      "that a build is made current",
      fleetWith([ONE]),
      "no build is current, so nobody takes new runs: build 1 asks of them for nothing",
      `${make} 1 --yes`,
    ],
    [
      "a worker of the build that is current",
      fleetWith([ONE], current("2")),
      "new runs go to build 2, which no worker serves",
      `start one: ${startingCommand(build("2"))}, or let another have them: ${make} 1 --yes`,
    ],
    [
      "one that lives: the dead of the current build count for nothing",
      fleetWith([dead(TWO), ONE], current("2")),
      "new runs go to build 2, which no worker serves",
      `start one: ${startingCommand(build("2"))}, or let another have them: ${make} 1 --yes`,
    ],
    [
      "a build, where those without one are left",
      fleetWith([BARE], current("2")),
      "new runs go to build 2, which no worker serves",
      `start one: ${startingCommand(build("2"))}, or let another have them: ` +
        "temporal worker deployment set-current-version --deployment-name pawl --unversioned --yes",
    ],
    [
      "a worker of the build that is ramped up, in its share",
      fleetWith([ONE], ramp("3", 5)),
      "5 % of new runs go to build 3, which no worker serves",
      `start one: ${startingCommand(build("3"))}, or end the ramp: ` +
        "temporal worker deployment set-ramping-version --deployment-name pawl --build-id 3 --delete --yes",
    ],
    [
      "tools of the current build",
      { ...fleetWith([TWO], current("2")), tools: queueSeen([ONE], current("2")) },
      "new runs go to build 2, of which no worker polls for tools",
      `start one: ${startingCommand(build("2"))}, or let another have them: ${make} 1 --yes`,
    ],
  ])("%s", (_what, fleet, what, next) => {
    expect(missingFor(fleet, "default")).toEqual({ kind: "build", what, next });
  });

  test("a queue that nobody polls is said as before", () => {
    expect(missingFor(fleetOf(["tools"]), "default")).toEqual({
      kind: "queue",
      what: "no worker polls for tools",
      next: "pawl worker --only tools",
    });
    expect(unservedIn(fleetOf(["model", "tools"]))).toEqual(["model", "tools"]);
  });

  test("commands name the namespace, and hold for whatever a build is called", () => {
    expect(makeCurrentCommand(build("it's 2", "a b"), "prod.x1")).toBe(
      "temporal worker deployment set-current-version --deployment-name 'a b' " +
        "--build-id 'it'\\''s 2' --namespace prod.x1 --yes",
    );
  });
});

describe("runs that are pinned to a build", () => {
  test("are left behind where nobody who lives is of it, whoever else polls", () => {
    const fleet = fleetWith([dead(ONE), TWO, BARE], current("2"));
    expect(unservedOf(build("2"), fleet)).toEqual([]);
    // Tools and calls of another deployment's run may be done by workers without a build.
    expect(unservedOf(build("1"), fleet)).toEqual(["core"]);
    expect(pinnedText(build("1"), fleet)).toBe("it is pinned to build 1, which no worker serves");
    expect(pinnedText(build("2"), fleet)).toBeNull();
  });

  test("are counted by build, with what is missing", () => {
    const stranded = [
      { build: build("1"), runs: 3, unserved: ["core", "model", "tools"] },
      { build: build("0"), runs: 1, unserved: ["tools"] },
    ] as const;
    expect(strandedText(stranded)).toBe(
      "3 open runs are pinned to build 1, which no worker serves; " +
        "1 open run is pinned to build 0, of which no worker polls for tools",
    );
    expect(strandedText([])).toBeNull();
  });

  test("a build of the same name in another deployment is another", () => {
    const fleet = fleetWith([poller("9@b", { build: build("1", "other") })]);
    expect(pinnedText(build("1"), fleet)).toBe("it is pinned to build 1, which no worker serves");
  });
});

describe("how many there are", () => {
  test("is said by build and by life", () => {
    const gone = [poller("8@b", { lives: false, unseenForMs: 90_000 }), dead(ONE)];
    const fleet = fleetWith([TWO, ...gone, poller("5@b", { build: build("1") })], current("2"));
    expect(fleetText(fleet, "counted")).toBe(
      "1 of build 2 (current); 1 of build 1; 2 more not seen for 40 s or longer",
    );
    expect(fleetText(fleetWith([BARE, poller("4@b")]), "named")).toBe("2: 3@a, 4@b");
    expect(fleetText(fleetWith([dead(BARE)]), "counted")).toBe("0; 1 more not seen for 40 s");
  });

  test("a process that polls all queues is one, and lives by the liveliest of them", () => {
    const fleet = { ...fleetWith([dead(BARE)]), core: queueSeen([BARE]) };
    expect(fleetText(fleet, "counted")).toBe("1");
  });
});
