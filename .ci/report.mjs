// What jest reported: `failed DIR` names the suites that are worth a second look, a line each; `count DIR` says what
// came of all tests. DIR holds all.json and, where suites were run once more, again.json.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SECOND_LOOKS_MAX = 3;

const [, , what, folder] = process.argv;
const say = (line) => process.stdout.write(`${line}\n`);
const read = (name) => {
  const path = join(folder, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
};
const all = read("all.json");
const again = read("again.json");
const failedSuites = (report) =>
  report.testResults.filter(({ status }) => status === "failed").map(({ name }) => name);

if (what === "failed") {
  const failed = all === null ? [] : failedSuites(all);
  if (failed.length <= SECOND_LOOKS_MAX) for (const name of failed) say(name);
} else if (all === null) {
  say("The tests did not run: see the error above.");
  say("0 passed, 0 failed");
} else {
  const inSuites = (report, names) =>
    report.testResults
      .filter(({ name }) => names.includes(name))
      .flatMap(({ assertionResults }) => assertionResults);
  const counted = (report) => ({
    passed: report.numPassedTests,
    // A file that does not even load has no tests to count; it is one failure.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  });
  const sum = counted(all);
  if (again !== null) {
    const passedAtFirst = inSuites(all, failedSuites(all)).filter(
      ({ status }) => status === "passed",
    ).length;
    const second = counted(again);
    sum.passed += second.passed - passedAtFirst;
    sum.failed = second.failed;
    const mended = failedSuites(all).filter((name) => !failedSuites(again).includes(name));
    for (const name of mended) say(`Passed only alone, has to be mended: ${name}`);
  }
  const rest = sum.skipped === 0 ? "" : `, ${sum.skipped} skipped`;
  say(`${sum.passed} passed, ${sum.failed} failed${rest}`);
}
